"""The mark: in every format, beside what was there, read with parsers that are not ours."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.media import photo as media
from photochrom.media import provenance
from photochrom.media.exif import text
from photochrom.media.xmp import Packet

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
URL = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
WORDS = "Colours were inferred by siggraph17; they are not a record of the original colours."
EXISTING = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Scanner 3">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:lr="urn:lr"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm"
    photoshop:Instructions="Handle with care" lr:rating="5">
   <dc:description><rdf:Alt>
    <rdf:li xml:lang="x-default">Aunt Ida &amp; the pier &lt;1938&gt;</rdf:li>
   </rdf:Alt></dc:description>
   <xmpMM:History><rdf:Seq><rdf:li>scanned</rdf:li></rdf:Seq></xmpMM:History>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


def packet_in(data):
    """The packet of a file, found as a scanner finds it: by its wrapper."""
    start = data.index(b"<x:xmpmeta")
    return data[start : data.index(b"</x:xmpmeta>") + 12]


def source_type(packet):
    return [element.text for element in ET.fromstring(packet).iter(TYPE)]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("existing", [None, EXISTING])
def test_every_format_carries_it(request, grey, format, existing):
    tmp_path, saved, coloured = map(request.getfixturevalue, ("tmp_path", "saved", "coloured"))
    options = {"xmp": existing} if existing and format in ("JPEG", "WEBP", "AVIF") else {}
    photo = media.open(saved(grey, format, **options))
    photo.xmp = photo.xmp or existing
    provenance.mark(photo, "siggraph17", "2.1")
    data = media.encode(coloured(photo))
    assert source_type(packet_in(data)) == [URL]
    assert data.count(b"<x:xmpmeta") == 1
    path = tmp_path / "a"
    path.write_bytes(data)
    want = provenance.Provenance("siggraph17", "2.1", WORDS)
    assert provenance.read(path) == provenance.read(data) == provenance.read(media.open(data)) == want
    back = Image.open(BytesIO(data))
    assert URL.encode() in (back.info.get("xmp") or tifffile.TiffFile(BytesIO(data)).pages[0].tags[700].value)


@pytest.mark.parametrize("format", ["BMP", "GIF"])
def test_a_format_that_cannot_becomes_png(saved, coloured, grey, format):
    photo = media.open(saved(grey, format), name="old.bmp")
    assert provenance.read(saved(grey, format)) is None
    provenance.mark(photo, "m", "1")
    data = media.encode(coloured(photo))
    assert data[:4] == b"\x89PNG"
    assert media.extension_for(photo, None) == ".png"
    assert provenance.read(data).model == "m"


def test_what_people_wrote_stays(saved, grey):
    photo = media.open(saved(grey, "JPEG", xmp=EXISTING))
    provenance.mark(photo, "siggraph17", "1")
    packet = packet_in(photo.xmp)
    root = ET.fromstring(packet)
    assert "".join(
        root.find(f".//{{http://purl.org/dc/elements/1.1/}}description/{RDF}Alt/{RDF}li").itertext()
    ) == ("Aunt Ida & the pier <1938>")
    description = root.find(f".//{RDF}Description")
    assert description.get("{http://ns.adobe.com/photoshop/1.0/}Instructions") == "Handle with care"
    assert description.get("{urn:lr}rating") == "5"
    assert b'x:xmptk="Scanner 3"' in packet
    assert b"xmlns:lr=" in packet
    history = root.find(f".//{{http://ns.adobe.com/xap/1.0/mm/}}History/{RDF}Seq")
    assert len(history) == 2
    assert history[0].text == "scanned"
    assert b"OriginalDigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm<" in packet
    assert photo.exif is None


def test_words_go_where_there_were_none(saved, coloured, grey):
    photo = media.open(saved(grey, "JPEG"))
    provenance.mark(photo, "siggraph17", "1")
    out = Image.open(BytesIO(media.encode(coloured(photo))))
    assert out.getexif()[0x010E] == WORDS
    assert photo.xmp.decode().count(WORDS) == 3


def test_an_exif_caption_is_enough(saved, grey):
    exif = Image.Exif()
    exif[0x010E] = "The pier"
    photo = media.open(saved(grey, "JPEG", exif=exif))
    provenance.mark(photo, "m", "1")
    assert text(photo.exif, 0x010E) == "The pier"
    assert b"dc:description" not in photo.xmp


def test_marking_twice_says_the_last_model(saved, grey):
    photo = media.open(saved(grey, "PNG"))
    provenance.mark(photo, "first", "1")
    provenance.mark(photo, "second", "2")
    assert provenance.read(photo).model == "second"
    assert source_type(packet_in(photo.xmp)) == [URL]


@pytest.mark.parametrize(
    "broken",
    [
        b"<x:xmpmeta",
        b"\xff\xfe\xff",
        b"<html/>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&a;</x:xmpmeta>',
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</x:xmpmeta>",
        "<x:xmpmeta".encode("utf-16"),
    ],
)
def test_a_broken_packet_is_replaced(saved, grey, broken):
    assert Packet(broken).broken
    photo = media.open(saved(grey, "JPEG", xmp=broken))
    provenance.mark(photo, "m", "1")
    assert source_type(packet_in(photo.xmp)) == [URL]
    assert b"ENTITY" not in photo.xmp


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_encodings_default_namespaces_and_clashing_prefixes(encoding):
    source = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <Description xmlns:dc="urn:not-dublin-core" dc:a="é &quot;q&quot;"><n xmlns="urn:n">ü</n></Description></RDF>
    </x:xmpmeta>"""
    packet = Packet(source.encode(encoding))
    assert not packet.broken
    again = packet.to_bytes()
    root = ET.fromstring(packet_in(again))
    assert root.find(f".//{RDF}Description").get("{urn:not-dublin-core}a") == 'é "q"'
    assert root.find(".//{urn:n}n").text == "ü"
    assert Packet(again).to_bytes() == again


def test_a_bare_rdf_is_wrapped():
    packet = Packet(b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>')
    packet.set("urn:x", "name", "value")
    assert ET.fromstring(packet_in(packet.to_bytes())).find(".//{urn:x}name").text == "value"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_the_source_and_the_options_are_kept(saved, coloured, grey, format):
    data = saved(grey, format)
    digest = hashlib.sha256(data).hexdigest()
    name, options = 'Ida & <the> "pier"\n é.jpg', '{"strength":1.2,"hints":[[1,2,"#aabbcc"]]}'
    photo = media.open(data)
    provenance.mark(photo, "m", "1", source_digest=digest, source_name=name, options=options)
    out = media.encode(coloured(photo))
    found = provenance.read(out)
    assert (found.source_digest, found.source_name, found.options) == (digest, name, options)
    ours = "{https://github.com/photochrom/photochrom/ns/1.0/}"
    root = ET.fromstring(packet_in(out))
    assert root.find(f".//{ours}SourceDigest").text == digest
    provenance.mark(photo, "m", "2")
    again = provenance.read(photo)
    assert (again.source_digest, again.source_name, again.options) == ("", "", "")


def test_the_source_is_in_the_first_part_of_a_long_packet(saved, coloured, grey):
    photo = media.open(saved(grey, "JPEG"))
    photo.xmp = EXISTING.replace(b"Handle with care", b"y" * 150_000)
    provenance.mark(photo, "m", "1", source_digest="ab" * 32, source_name="a.jpg", options="{}")
    found = provenance.read(media.encode(coloured(photo)))
    assert (found.source_digest, found.source_name, found.options) == ("ab" * 32, "a.jpg", "{}")


def test_no_mark_reads_as_none(saved, grey, colour):
    for format in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "BMP"):
        assert provenance.read(saved(grey, format)) is None
    photo = media.open(saved(colour, "JPEG", xmp=EXISTING))
    assert provenance.read(photo) is None
    assert np.asarray(photo.pages[0].pixels).ndim == 2

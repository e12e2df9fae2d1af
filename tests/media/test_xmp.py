"""XMP packets: small faults are mended, and lists and extensions keep their order."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from photochrom.media import photo as media
from photochrom.media import provenance
from photochrom.media.xmp import DC, PHOTOSHOP, Packet, as_stored

HEAD = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
TAIL = "</rdf:RDF></x:xmpmeta>"
WORDS = (
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' dc:source="album 4"><photoshop:Headline>%s</photoshop:Headline></rdf:Description>'
)
WHOLE = HEAD + WORDS + TAIL


@pytest.mark.parametrize(
    ("data", "headline"),
    [
        ((WHOLE % "Brücke").encode("latin-1"), "Brücke"),
        ((WHOLE % "Ida & sons").encode(), "Ida & sons"),
        ((WHOLE % "a\x01b\x0cc").encode(), "abc"),
        ((WHOLE % "ü").encode() + b"\xff", "ü"),
        ((WHOLE % "a&#1;b&#x1F;c").encode(), "abc"),
        ((WHOLE % "ü").encode("utf-16-le") + b"\x00", "ü"),
        ((WHOLE % "ü").encode("utf-16") + b"\x00\xd8", "ü"),
        ((WHOLE % "x").replace(' xmlns:x="adobe:ns:meta/"', "").encode(), "x"),
        ((WHOLE % "x").replace(' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"', "").encode(), "x"),
    ],
    ids=[
        "latin-1",
        "ampersand",
        "control",
        "stray byte",
        "reference",
        "half a character",
        "half a pair",
        "no namespace of x",
        "no namespace of a property",
    ],
)
def test_small_faults_are_mended(data, headline):
    packet = Packet(data)
    assert packet.mended
    assert not packet.broken
    assert packet.get(PHOTOSHOP, "Headline") == headline
    assert packet.get(DC, "source") == "album 4"
    ET.fromstring(packet.to_bytes().partition(b"?>")[2].rpartition(b"<?")[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding):
    packet = Packet((WHOLE % "é").encode(encoding))
    assert not packet.broken
    assert not packet.mended
    assert packet.get(PHOTOSHOP, "Headline") == "é"


@pytest.mark.parametrize(
    "data",
    [
        (WHOLE % "ü")[: -len(TAIL) - 5],
        (WHOLE % "ü") + "<more/>",
        (WHOLE % "ü").replace(TAIL, "<rdf:Description a='1' a='2'/>" + TAIL),
        (WHOLE % "ü").replace(TAIL, "<rdf:Description>a < b</rdf:Description>" + TAIL),
    ],
    ids=["cut short", "more after the end", "an attribute twice", "a bare bracket"],
)
def test_what_precedes_a_fault_is_kept(data, saved, grey):
    packet = Packet(data.encode())
    assert packet.cut
    assert not packet.broken
    assert (packet.get(PHOTOSHOP, "Headline"), packet.get(DC, "source")) == ("ü", "album 4")
    photo = media.open(saved(grey, "JPEG", xmp=data.encode()))
    assert photo.notes == ["A part of the XMP metadata is too damaged to be read and was left out."]


def test_texts_that_xml_does_not_allow():
    # A name may hold an escape sequence, or bytes that are not UTF-8. XML 1.0, 2.2 lists the characters.
    name = "esc\x1b[31m\x00 bad\udcff\ufffe.jpg "
    packet = Packet(None)
    packet.set(PHOTOSHOP, "Headline", name)
    data = packet.to_bytes()
    ET.fromstring(data.partition(b"?>")[2].rpartition(b"<?")[0])
    assert (
        Packet(data).get(PHOTOSHOP, "Headline")
        == as_stored(name)
        == "esc\ufffd[31m\ufffd bad\ufffd\ufffd.jpg"
    )


def test_a_mended_packet_is_noted_and_kept(saved, coloured, grey):
    photo = media.open(saved(grey, "JPEG", xmp=(WHOLE % "Brücke").encode("latin-1")))
    assert photo.notes == ["The XMP metadata was damaged in places and was mended."]
    provenance.mark(photo, "m", "1")
    out = media.encode(coloured(photo))
    assert "Brücke".encode() in out
    assert b"album 4" in out


def test_a_packet_beyond_mending_is_noted(saved, grey):
    photo = media.open(saved(grey, "JPEG", xmp=b"<html/>"))
    assert photo.xmp is None
    assert photo.notes == ["The XMP metadata is too damaged to be read and was left out."]


def test_lists_keep_their_order():
    packet = Packet(None)
    packet.set_list(DC, "subject", ["b", "a"], ordered=False)
    again = Packet(packet.to_bytes())
    assert again.get_list(DC, "subject") == ["b", "a"]
    assert again.get_list(DC, "creator") == []
    assert again.names() == {(DC, "subject")}

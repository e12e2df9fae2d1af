"""IIM blocks: damaged ones, their encodings, and the XMP that they become (IPTC Photo Metadata Standard)."""

from __future__ import annotations

import struct

import pytest

from photochrom.media import iptc
from photochrom.media.xmp import DC, IPTC_CORE, PHOTOSHOP, Packet


def data_set(number, text, record=2):
    return bytes([0x1C, record, number]) + struct.pack(">H", len(text)) + text


def test_texts_of_every_encoding():
    latin = "Brücke".encode("latin-1")
    assert iptc.texts(data_set(120, latin)) == {120: ["Brücke"]}
    assert iptc.texts(data_set(120, "Brücke".encode())) == {120: ["Brücke"]}
    declared = data_set(90, b"\x1b%G", record=1) + data_set(25, "Süd".encode()) + data_set(25, b"a")
    assert iptc.texts(declared) == {25: ["Süd", "a"]}


def test_a_long_text_has_a_longer_size():
    text = b"x" * 40_000
    block = bytes([0x1C, 2, 120]) + struct.pack(">HI", 0x8004, len(text)) + text
    assert iptc.texts(block + data_set(5, b"y")) == {120: ["x" * 40_000], 5: ["y"]}


@pytest.mark.parametrize(
    "block", [None, b"", b"\x1c", b"\x1c\2", b"nothing at all", b"\x1c\2\x78\xff\xff\xff"]
)
def test_damage_gives_what_can_be_read(block):
    assert all(isinstance(value, list) for value in iptc.texts(block).values())


def test_resources_are_found_behind_others():
    block = data_set(120, b"odd")
    other = b"8BIM" + struct.pack(">HBxI", 1005, 0, 3) + b"abc\0"
    assert iptc.in_resources(other + iptc.resource(block)) == block
    assert iptc.in_resources(other) is None


def test_xmp_has_the_standard_names_and_forms():
    block = data_set(5, b"Pier") + data_set(25, b"sea") + data_set(25, b"boats") + data_set(80, b"Ida")
    block += (
        data_set(55, b"19380701")
        + data_set(60, b"120000+0100")
        + data_set(92, b"Harbor")
        + data_set(110, b"C")
    )
    packet = Packet(iptc.add_to_xmp(block, None))
    assert packet.get(DC, "title") == "Pier"
    assert packet.get_list(DC, "subject") == ["sea", "boats"]
    assert packet.get_list(DC, "creator") == ["Ida"]
    assert packet.get(PHOTOSHOP, "DateCreated") == "1938-07-01T12:00:00+01:00"
    assert packet.get(IPTC_CORE, "Location") == "Harbor"
    assert packet.get(PHOTOSHOP, "Credit") == "C"


def test_what_xmp_says_already_counts():
    packet = Packet(None)
    packet.set_words(DC, "description", "newer")
    xmp = packet.to_bytes()
    assert iptc.add_to_xmp(data_set(120, b"older"), xmp) == xmp

"""XMP packets (ISO 16684-1): read, merge and write without losing what others wrote."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from html import escape

__all__ = ["Packet"]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"
META = "adobe:ns:meta/"
TIFF = "http://ns.adobe.com/tiff/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
XMP = "http://ns.adobe.com/xap/1.0/"
DC = "http://purl.org/dc/elements/1.1/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
HISTORY = "http://ns.adobe.com/xap/1.0/mm/"
EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
NOTE = "http://ns.adobe.com/xmp/note/"
OURS = "https://github.com/photochrom/photochrom/ns/1.0/"
PREFIXES = {RDF: "rdf", META: "x", TIFF: "tiff", EXIF: "exif", XMP: "xmp", DC: "dc", PHOTOSHOP: "photoshop"}
PREFIXES |= {HISTORY: "xmpMM", EVENT: "stEvt", NOTE: "xmpNote", IPTC_EXT: "Iptc4xmpExt", OURS: "photochrom"}
PREFIXES[XML] = "xml"
HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
MAX_BYTES = 64 << 20
MAX_DEPTH = 100


class Packet:
    """An XMP packet as a tree; properties are named by namespace and name.

    A packet that is missing, broken, or uses a DTD (the way to entity bombs) gives an empty one.
    """

    def __init__(self, data: bytes | None) -> None:
        self.prefixes = dict(PREFIXES)
        parsed = self._parse(data) if data else None
        self.broken = bool(data) and parsed is None
        self.root = parsed if parsed is not None else ET.Element(f"{{{META}}}xmpmeta")
        rdf = self.root if self.root.tag == f"{{{RDF}}}RDF" else self.root.find(f"{{{RDF}}}RDF")
        self.rdf = rdf if rdf is not None else ET.SubElement(self.root, f"{{{RDF}}}RDF")

    def _parse(self, data: bytes) -> ET.Element | None:
        text = _decode(data)
        if text is None or "<!DOCTYPE" in text or "<!ENTITY" in text:
            return None
        root: ET.Element | None = None
        depth = 0
        try:
            for event, item in ET.iterparse(io.StringIO(text), events=("start", "end", "start-ns")):
                if event == "start-ns":
                    prefix, uri = item
                    taken = prefix in self.prefixes.values()
                    if prefix and uri not in self.prefixes and not taken:
                        self.prefixes[uri] = prefix
                    continue
                depth += 1 if event == "start" else -1
                root = item if root is None else root
                if depth > MAX_DEPTH:
                    return None
        except (ET.ParseError, ValueError):
            return None
        known = root is not None and root.tag in (f"{{{META}}}xmpmeta", f"{{{META}}}xapmeta", f"{{{RDF}}}RDF")
        return root if known else None

    def _descriptions(self) -> list[ET.Element]:
        return self.rdf.findall(f"{{{RDF}}}Description")

    def get(self, space: str, name: str) -> str | None:
        """A property's text: an attribute, an element, or the first item of a list. None where missing."""
        key = f"{{{space}}}{name}"
        for description in self._descriptions():
            if key in description.attrib:
                return description.attrib[key]
            element = description.find(key)
            if element is not None:
                item = element.find(f"*/{{{RDF}}}li")
                resource = element.get(f"{{{RDF}}}resource")
                words = (item if item is not None else element).text
                return (resource or words or "").strip()
        return None

    def remove(self, space: str, name: str) -> None:
        """Remove a property wherever it stands."""
        key = f"{{{space}}}{name}"
        for description in self._descriptions():
            description.attrib.pop(key, None)
            for element in description.findall(key):
                description.remove(element)

    def _home(self) -> ET.Element:
        """The description that takes new properties; they must all name the same subject as the others."""
        found = self._descriptions()
        return (
            found[0] if found else ET.SubElement(self.rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""})
        )

    def set(self, space: str, name: str, value: str) -> None:
        """Set a simple property in place of whatever it was."""
        self.remove(space, name)
        ET.SubElement(self._home(), f"{{{space}}}{name}").text = value

    def set_words(self, space: str, name: str, value: str) -> None:
        """Set a property that is text by language (dc:description)."""
        self.remove(space, name)
        alt = ET.SubElement(ET.SubElement(self._home(), f"{{{space}}}{name}"), f"{{{RDF}}}Alt")
        ET.SubElement(alt, f"{{{RDF}}}li", {f"{{{XML}}}lang": "x-default"}).text = value

    def append(self, space: str, name: str, fields: dict[tuple[str, str], str]) -> None:
        """Append a structure to an ordered list (xmpMM:History)."""
        key = f"{{{space}}}{name}"
        lists = [d.find(f"{key}/{{{RDF}}}Seq") for d in self._descriptions()]
        seq = next((found for found in lists if found is not None), None)
        if seq is None:
            self.remove(space, name)
            seq = ET.SubElement(ET.SubElement(self._home(), key), f"{{{RDF}}}Seq")
        item = ET.SubElement(seq, f"{{{RDF}}}li", {f"{{{RDF}}}parseType": "Resource"})
        for (field_space, field), value in fields.items():
            ET.SubElement(item, f"{{{field_space}}}{field}").text = value

    def to_bytes(self) -> bytes:
        """The packet in UTF-8, with its wrapper."""
        root = self.root
        if root.tag == f"{{{RDF}}}RDF":
            root = ET.Element(f"{{{META}}}xmpmeta")
            root.append(self.rdf)
        used = sorted({_split(name)[0] for name in _names(root)} - {"", XML})
        for number, space in enumerate(s for s in used if s not in self.prefixes):
            self.prefixes[space] = f"ns{number}_"  # was a default namespace, or shared a prefix with another
        spaces = "".join(f" xmlns:{self.prefixes[s]}={_quoted(s)}" for s in used)
        out: list[str] = [HEAD]
        self._write(root, out, spaces)
        return ("".join(out) + '\n<?xpacket end="w"?>').encode()

    def _name(self, name: str) -> str:
        space, local = _split(name)
        return f"{self.prefixes[space]}:{local}" if space else local

    def _write(self, element: ET.Element, out: list[str], spaces: str = "") -> None:
        # ElementTree's own writer takes prefixes from a table that is global to the process.
        attributes = "".join(f" {self._name(k)}={_quoted(v)}" for k, v in element.attrib.items())
        name = self._name(element.tag)
        out.append(f"<{name}{spaces}{attributes}")
        if len(element) == 0 and not element.text:
            out.append("/>")
        else:
            out.append(">" + escape(element.text or "", quote=False))
            for child in element:
                self._write(child, out)
            out.append(f"</{name}>")
        out.append(escape(element.tail or "", quote=False) if not spaces else "")


def _decode(data: bytes) -> str | None:
    """The packet's XML without wrapper, padding or declaration; UTF-8, or UTF-16 by its byte-order mark."""
    if len(data) > MAX_BYTES:
        return None
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    start = text.find("<?xpacket begin")
    if start >= 0:
        text = text[text.find("?>", start) + 2 :]
    end = text.rfind("<?xpacket end")
    text = (text[:end] if end >= 0 else text).strip("\ufeff\0 \r\n\t")
    return text[text.find("?>") + 2 :] if text.startswith("<?xml") else text


def _quoted(value: str) -> str:
    # Not xml.sax.saxutils, which imports urllib and email. White space as references, or a reader makes it blanks.
    value = escape(value).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    return f'"{value}"'


def _split(name: str) -> tuple[str, str]:
    space, _, local = name[1:].rpartition("}") if name.startswith("{") else ("", "", name)
    return space, local


def _names(root: ET.Element) -> Iterable[str]:
    for element in root.iter():
        yield element.tag
        yield from element.attrib

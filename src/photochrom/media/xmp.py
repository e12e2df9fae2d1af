"""Read, merge and write XMP packets (ISO 16684-1). Properties of other programs are kept."""

from __future__ import annotations

import codecs
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

__all__ = ["Packet", "as_stored"]

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
IPTC_CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
NOTE = "http://ns.adobe.com/xmp/note/"
OURS = "https://github.com/photochrom/photochrom/ns/1.0/"
PREFIXES = {RDF: "rdf", META: "x", TIFF: "tiff", EXIF: "exif", XMP: "xmp", DC: "dc", PHOTOSHOP: "photoshop"}
PREFIXES |= {HISTORY: "xmpMM", EVENT: "stEvt", NOTE: "xmpNote", IPTC_EXT: "Iptc4xmpExt", OURS: "photochrom"}
PREFIXES |= {XML: "xml", IPTC_CORE: "Iptc4xmpCore"}
HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
# The html module has a function for this, but loads a table of 2,000 entities. xml.sax loads urllib and email.
ILLEGAL = [*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]
"""Characters that XML 1.0 does not allow. Names of files may contain them."""
LEGAL = dict.fromkeys(ILLEGAL, "\ufffd")
IN_TEXT = LEGAL | str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# White space is written as references. Otherwise a reader would make blanks of it.
IN_ATTRIBUTE = IN_TEXT | str.maketrans(
    {'"': "&quot;", "'": "&#x27;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)
MAX_BYTES = 64 << 20
MAX_DEPTH = 100


class Packet:
    """An XMP packet as a tree; properties are named by namespace and name.

    The tree is empty if the packet is missing, is broken or uses a DTD. A DTD would allow entity expansion attacks.
    Small faults of other writers are repaired: bytes that are not UTF-8, characters that XML does not allow, an "&"
    that does not start an entity, and undeclared prefixes.

    Attributes
    ----------
    broken
        Whether there was a packet that could not be read.
    mended
        Whether small faults were repaired.
    cut
        Whether a part of the packet could not be read. The properties before it are kept.
    """

    def __init__(self, data: bytes | None) -> None:
        self.prefixes = dict(PREFIXES)
        self.mended = self.cut = False
        parsed = self._read(data) if data else None
        self.broken = bool(data) and parsed is None
        self.root = parsed if parsed is not None else ET.Element(f"{{{META}}}xmpmeta")
        rdf = self.root if self.root.tag == f"{{{RDF}}}RDF" else self.root.find(f"{{{RDF}}}RDF")
        self.rdf = rdf if rdf is not None else ET.SubElement(self.root, f"{{{RDF}}}RDF")

    def _read(self, data: bytes) -> ET.Element | None:
        text, self.mended = _decode(data)
        if text is None or "<!DOCTYPE" in text or "<!ENTITY" in text:
            return None
        root = self._parse(text)
        if root is None and (mended := _mend(text)) != text:
            self.mended = True
            root = self._parse(mended)
        if root is None:
            root = self._parse(_mend(text), partly=True)
            self.cut = self.mended = root is not None
        return root

    def _parse(self, text: str, *, partly: bool = False) -> ET.Element | None:
        """The tree of the text; with `partly`, what comes before the first fault. None if there is none."""
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
            if not partly or root is None or root.find(f".//{{{RDF}}}Description") is None:
                return None
        known = root is not None and root.tag in (f"{{{META}}}xmpmeta", f"{{{META}}}xapmeta", f"{{{RDF}}}RDF")
        return root if known else None

    def _descriptions(self) -> list[ET.Element]:
        return self.rdf.findall(f"{{{RDF}}}Description")

    def get(self, space: str, name: str) -> str | None:
        """A property's text: an attribute, an element, or the first item of a list. None if it is missing."""
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

    def get_list(self, space: str, name: str) -> list[str]:
        """The texts of a list property. A simple property gives a list of one text, a missing one an empty list."""
        for description in self._descriptions():
            element = description.find(f"{{{space}}}{name}")
            if element is not None and (items := element.findall(f"*/{{{RDF}}}li")):
                return [(item.text or "").strip() for item in items]
        value = self.get(space, name)
        return [] if value is None else [value]

    def names(self) -> set[tuple[str, str]]:
        """(namespace, name) of every property."""
        found = set()
        for description in self._descriptions():
            found |= {_split(name) for name in (*description.attrib, *(item.tag for item in description))}
        return found - {(RDF, "about"), ("", "about")}

    def merge(self, other: Packet) -> None:
        """Copy the properties of another packet. They replace properties of the same name."""
        for space, name in other.names():
            self.remove(space, name)
        self.prefixes = other.prefixes | self.prefixes
        for description in other._descriptions():
            about = f"{{{RDF}}}about"
            description.set(about, self._home().get(about, ""))
            self.rdf.append(description)

    def remove(self, space: str, name: str) -> None:
        """Remove a property from every description."""
        key = f"{{{space}}}{name}"
        for description in self._descriptions():
            description.attrib.pop(key, None)
            for element in description.findall(key):
                description.remove(element)

    def _home(self) -> ET.Element:
        """The description for new properties. All descriptions must name the same subject."""
        found = self._descriptions()
        return (
            found[0] if found else ET.SubElement(self.rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""})
        )

    def set(self, space: str, name: str, value: str) -> None:
        """Set a simple property. It replaces any former value."""
        self.remove(space, name)
        ET.SubElement(self._home(), f"{{{space}}}{name}").text = value

    def set_words(self, space: str, name: str, value: str) -> None:
        """Set a property that is text by language (dc:description)."""
        self.remove(space, name)
        alt = ET.SubElement(ET.SubElement(self._home(), f"{{{space}}}{name}"), f"{{{RDF}}}Alt")
        ET.SubElement(alt, f"{{{RDF}}}li", {f"{{{XML}}}lang": "x-default"}).text = value

    def set_list(self, space: str, name: str, values: Iterable[str], *, ordered: bool) -> None:
        """Set a property that is a list of texts (dc:subject)."""
        self.remove(space, name)
        kind = f"{{{RDF}}}{'Seq' if ordered else 'Bag'}"
        items = ET.SubElement(ET.SubElement(self._home(), f"{{{space}}}{name}"), kind)
        for value in values:
            ET.SubElement(items, f"{{{RDF}}}li").text = value

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
        # ElementTree's writer takes prefixes from a table that is global to the process, so it is not used.
        attributes = "".join(f" {self._name(k)}={_quoted(v)}" for k, v in element.attrib.items())
        name = self._name(element.tag)
        out.append(f"<{name}{spaces}{attributes}")
        if len(element) == 0 and not element.text:
            out.append("/>")
        else:
            out.append(">" + (element.text or "").translate(IN_TEXT))
            for child in element:
                self._write(child, out)
            out.append(f"</{name}>")
        out.append((element.tail or "").translate(IN_TEXT) if not spaces else "")


def as_stored(text: str) -> str:
    """The text that a packet gives back after `text` was set and written."""
    return text.translate(LEGAL).strip()


def _latin(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("photochrom.latin", _latin)


def _decode(data: bytes) -> tuple[str | None, bool]:
    """The packet's XML without wrapper, padding or declaration, and whether bytes were repaired.

    The encoding is UTF-16 if there is a byte-order mark or a zero byte beside "<". Otherwise it is UTF-8. Single bytes
    that are not UTF-8 are read as Latin-1, which old programs wrote.
    """
    if len(data) > MAX_BYTES:
        return None, False
    encoding = "utf-8"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif data[:2] in (b"<\0", b"\0<"):
        encoding = "utf-16-le" if data[:1] == b"<" else "utf-16-be"
    mended = False
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-8":
            text, mended = data.decode(encoding, "photochrom.latin"), True
        else:
            text, mended = data.decode(encoding, "ignore"), True
    return _unwrapped(text), mended


def _unwrapped(text: str) -> str:
    start = text.find("<?xpacket begin")
    if start >= 0:
        text = text[text.find("?>", start) + 2 :]
    end = text.rfind("<?xpacket end")
    text = (text[:end] if end >= 0 else text).strip("\ufeff\0 \r\n\t")
    return text[text.find("?>") + 2 :] if text.startswith("<?xml") else text


def _mend(text: str) -> str:
    """Repair small faults in XML."""
    text = re.sub(r"[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
    text = re.sub(r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));", "", text)
    text = re.sub(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)", "&amp;", text)
    text = text[: text.rfind(">") + 1]
    declared = set(re.findall(r"xmlns:([\w.-]+)\s*=", text))
    used = set(re.findall(r"<([A-Za-z_][\w.-]*):", text)) | set(
        re.findall(r"\s([A-Za-z_][\w.-]*):[\w.-]+\s*=", text)
    )
    known = {prefix: space for space, prefix in PREFIXES.items()}
    missing = sorted(used - declared - {"xml", "xmlns"})
    spaces = "".join(f" xmlns:{prefix}={_quoted(known.get(prefix, f'urn:{prefix}'))}" for prefix in missing)
    root = re.match(r"\s*(?:<!--.*?-->\s*)*<[^\s/>!?]+", text, re.DOTALL)
    return text if root is None else text[: root.end()] + spaces + text[root.end() :]


def _quoted(value: str) -> str:
    return f'"{value.translate(IN_ATTRIBUTE)}"'


def _split(name: str) -> tuple[str, str]:
    space, _, local = name[1:].rpartition("}") if name.startswith("{") else ("", "", name)
    return space, local


def _names(root: ET.Element) -> Iterable[str]:
    for element in root.iter():
        yield element.tag
        yield from element.attrib

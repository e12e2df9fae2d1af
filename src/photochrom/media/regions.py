"""Apply the orientation to the regions in a picture's metadata, such as faces.

All regions are stored for the picture in the file, before its orientation is applied. There are regions of the Metadata
Working Group (MWG Guidelines 2.0, 5.9), of Microsoft's Photo Gallery, of the IPTC (Iptc4xmpExt:ImageRegion), and the
SubjectArea of Exif.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

from photochrom.media.xmp import EXIF, IPTC_EXT, RDF, Packet

__all__ = ["turn_area", "turn_point", "turn_regions"]

AREA = "http://ns.adobe.com/xmp/sType/Area#"
DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
MICROSOFT = "http://ns.microsoft.com/photo/1.2/t/Region#"

Points = Callable[[float, float, float, float], tuple[float, float]]


def turn_point(
    x: float, y: float, orientation: int, width: float = 1.0, height: float = 1.0
) -> tuple[float, float]:
    """The position of a point of the stored picture (width x height) after the Exif orientation is applied."""
    if orientation in (2, 3, 7, 8):
        x = width - x
    if orientation in (3, 4, 6, 7):
        y = height - y
    return (y, x) if orientation >= 5 else (x, y)


def turn_area(values: list[int], orientation: int, width: int, height: int) -> list[int]:
    """Exif's SubjectArea or SubjectLocation: a centre in pixels, then a diameter, or a width and a height."""
    if len(values) < 2:
        return values
    # A mirror moves the centre of pixel 0 to the centre of the last pixel.
    x, y = turn_point(values[0], values[1], orientation, width - 1, height - 1)
    rest = values[2:]
    if len(rest) == 2 and orientation >= 5:
        rest = rest[::-1]
    return [max(0, int(x)), max(0, int(y)), *rest]


def turn_regions(packet: Packet, orientation: int, width: int, height: int) -> bool:
    """Apply the orientation to every region in an XMP packet. Return whether there was one.

    Parameters
    ----------
    width, height : of the stored picture in pixels
    """
    changed = False
    for element in list(packet.root.iter()):
        if _has(element, AREA, "x") and _has(element, AREA, "y"):
            changed = _turn_centre(element, orientation, _size(element, width, height)) or changed
        if _has(element, MICROSOFT, "Rectangle"):
            changed = _turn_rectangle(element, orientation) or changed
        if _has(element, IPTC_EXT, "rbX") and _has(element, IPTC_EXT, "rbY"):
            pixels = _get(element, IPTC_EXT, "rbUnit") == "pixel"
            size = (float(width), float(height)) if pixels else (1.0, 1.0)
            changed = _turn_corner(element, orientation, size) or changed
        if orientation >= 5 and _has(element, DIMENSIONS, "w") and _has(element, DIMENSIONS, "h"):
            wide, high = _get(element, DIMENSIONS, "w"), _get(element, DIMENSIONS, "h")
            _set(element, DIMENSIONS, "w", high)
            _set(element, DIMENSIONS, "h", wide)
            changed = True
    for name in ("SubjectArea", "SubjectLocation"):
        changed = _turn_subject(packet, name, orientation, width, height) or changed
    return changed


def _turn_centre(element: ET.Element, orientation: int, size: tuple[float, float]) -> bool:
    """An area of the MWG: its centre, and its width and height or its diameter."""
    try:
        x, y = (float(_get(element, AREA, name)) for name in "xy")
    except ValueError:
        return False
    x, y = turn_point(x, y, orientation, *size)
    _set(element, AREA, "x", _number(x))
    _set(element, AREA, "y", _number(y))
    if orientation >= 5:
        _swap(element, AREA, "w", "h")
    return True


def _turn_corner(element: ET.Element, orientation: int, size: tuple[float, float]) -> bool:
    """A boundary of the IPTC: a rectangle by its corner, a circle by its centre, or a vertex of a polygon."""
    try:
        x, y = (float(_get(element, IPTC_EXT, name)) for name in ("rbX", "rbY"))
        wide, high = (float(_get(element, IPTC_EXT, name) or 0) for name in ("rbW", "rbH"))
    except ValueError:
        return False
    ends = [turn_point(x, y, orientation, *size), turn_point(x + wide, y + high, orientation, *size)]
    _set(element, IPTC_EXT, "rbX", _number(min(end[0] for end in ends)))
    _set(element, IPTC_EXT, "rbY", _number(min(end[1] for end in ends)))
    if orientation >= 5:
        _swap(element, IPTC_EXT, "rbW", "rbH")
    return True


def _turn_rectangle(element: ET.Element, orientation: int) -> bool:
    """A rectangle in Microsoft's format: "x, y, width, height" as shares of the picture."""
    try:
        x, y, wide, high = (float(part) for part in _get(element, MICROSOFT, "Rectangle").split(","))
    except ValueError:
        return False
    (a, b), (c, d) = turn_point(x, y, orientation), turn_point(x + wide, y + high, orientation)
    parts = (min(a, c), min(b, d), abs(c - a), abs(d - b))
    _set(element, MICROSOFT, "Rectangle", ", ".join(map(_number, parts)))
    return True


def _turn_subject(packet: Packet, name: str, orientation: int, width: int, height: int) -> bool:
    values = packet.get_list(EXIF, name)
    if len(values) < 2 or not all(value.isdecimal() for value in values):
        return False
    turned = turn_area([int(value) for value in values], orientation, width, height)
    packet.set_list(EXIF, name, [str(value) for value in turned], ordered=True)
    return True


def _size(element: ET.Element, width: int, height: int) -> tuple[float, float]:
    return (float(width), float(height)) if _get(element, AREA, "unit") == "pixel" else (1.0, 1.0)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


# A field of a structure is an attribute or an element of it (ISO 16684-1, 7.9.2).
def _has(element: ET.Element, space: str, name: str) -> bool:
    key = f"{{{space}}}{name}"
    return element.tag != f"{{{RDF}}}RDF" and (key in element.attrib or element.find(key) is not None)


def _get(element: ET.Element, space: str, name: str) -> str:
    key = f"{{{space}}}{name}"
    found = element.find(key)
    return (element.attrib.get(key) or (found.text if found is not None else "") or "").strip()


def _set(element: ET.Element, space: str, name: str, value: str) -> None:
    key = f"{{{space}}}{name}"
    found = element.find(key)
    if key in element.attrib:
        element.set(key, value)
    elif found is not None:
        found.text = value


def _swap(element: ET.Element, space: str, first: str, second: str) -> None:
    if _has(element, space, first) and _has(element, space, second):
        one, two = _get(element, space, first), _get(element, space, second)
        _set(element, space, first, two)
        _set(element, space, second, one)

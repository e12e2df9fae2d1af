"""Regions turn with the pixels: a marked place stays marked in all eight orientations."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from photochrom.media import photo as media
from photochrom.media.regions import turn_area, turn_point

WIDTH, HEIGHT = 40, 20
# The marked rectangle in the stored picture: its left, top, width and height in pixels.
LEFT, TOP, WIDE, HIGH = 4, 2, 12, 6
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
 xmlns:MP="http://ns.microsoft.com/photo/1.2/" xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
 xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="40" stDim:h="20" stDim:unit="pixel"/>
<mwg-rs:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource"><mwg-rs:Name>Ida</mwg-rs:Name>
<mwg-rs:Area stArea:x="0.25" stArea:y="0.25" stArea:w="0.3" stArea:h="0.3" stArea:unit="normalized"/></rdf:li>
</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag><rdf:li
 MPReg:Rectangle="0.1, 0.1, 0.3, 0.3" MPReg:PersonDisplayName="Ida"/></rdf:Bag></MPRI:Regions></MP:RegionInfo>
<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:RegionBoundary
 rdf:parseType="Resource"><Iptc4xmpExt:rbShape>rectangle</Iptc4xmpExt:rbShape><Iptc4xmpExt:rbUnit>pixel
</Iptc4xmpExt:rbUnit><Iptc4xmpExt:rbX>4</Iptc4xmpExt:rbX><Iptc4xmpExt:rbY>2</Iptc4xmpExt:rbY>
<Iptc4xmpExt:rbW>12</Iptc4xmpExt:rbW><Iptc4xmpExt:rbH>6</Iptc4xmpExt:rbH></Iptc4xmpExt:RegionBoundary></rdf:li>
</rdf:Bag></Iptc4xmpExt:ImageRegion>
<exif:SubjectArea><rdf:Seq><rdf:li>10</rdf:li><rdf:li>5</rdf:li><rdf:li>12</rdf:li><rdf:li>6</rdf:li></rdf:Seq>
</exif:SubjectArea></rdf:Description></rdf:RDF></x:xmpmeta>"""
AREA = "{http://ns.adobe.com/xmp/sType/Area#}"
DIM = "{http://ns.adobe.com/xap/1.0/sType/Dimensions#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


@pytest.fixture
def marked():
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    picture[TOP : TOP + HIGH, LEFT : LEFT + WIDE] = 255
    return picture


def opened(saved, marked, orientation, format="PNG"):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x9214] = (10, 5, 12, 6)
    exif.get_ifd(0x8769)[0xA214] = (10, 5)
    photo = media.open(saved(marked, "WEBP", lossless=True, exif=exif, xmp=XMP))
    rows, columns = np.nonzero(photo.pages[0].pixels > 128)
    box = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    root = ET.fromstring(photo.xmp[photo.xmp.index(b"<x:xmpmeta") :].partition(b"<?xpacket end")[0])
    return photo, tuple(int(v) for v in box), root


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_kind_of_region_stays_on_its_place(saved, marked, orientation):
    photo, (left, top, wide, high), root = opened(saved, marked, orientation)
    height, width = photo.pages[0].pixels.shape
    area = next(e for e in root.iter() if AREA + "x" in e.attrib)
    got = [float(area.get(AREA + name)) for name in "xywh"]
    want = [(left + wide / 2) / width, (top + high / 2) / height, wide / width, high / height]
    assert got == pytest.approx(want)
    size = next(e for e in root.iter() if DIM + "w" in e.attrib)
    assert (size.get(DIM + "w"), size.get(DIM + "h")) == (str(width), str(height))
    rectangle = next(e for e in root.iter() if any(name.endswith("Rectangle") for name in e.attrib))
    text = next(value for name, value in rectangle.attrib.items() if name.endswith("Rectangle"))
    want = [left / width, top / height, wide / width, high / height]
    assert [float(part) for part in text.split(",")] == pytest.approx(want)
    boundary = next(root.iter(IPTC + "RegionBoundary"))
    assert [float(boundary.find(IPTC + name).text) for name in ("rbX", "rbY", "rbW", "rbH")] == [
        left,
        top,
        wide,
        high,
    ]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_subject_of_exif_turns(saved, marked, orientation):
    photo, (left, top, wide, high), root = opened(saved, marked, orientation)
    read = Image.Exif()
    read.load(photo.exif)
    inner = read.get_ifd(0x8769)
    x, y, *size = inner[0x9214]
    assert size == [wide, high]
    # A centre between two pixels may go to either of them.
    assert abs(x - (left + wide / 2)) <= 1
    assert abs(y - (top + high / 2)) <= 1
    assert tuple(inner[0xA214]) == (x, y)
    items = root.find(".//{http://ns.adobe.com/exif/1.0/}SubjectArea").iter(RDF + "li")
    assert [int(item.text) for item in items] == [x, y, wide, high]


def test_a_circle_keeps_its_diameter():
    assert turn_area([10, 5, 7], 6, 40, 20) == [14, 10, 7]
    assert turn_area([10], 6, 40, 20) == [10]


@pytest.mark.parametrize(
    ("orientation", "back"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 8), (7, 7), (8, 6)]
)
def test_turning_back(orientation, back):
    x, y = turn_point(0.2, 0.1, orientation)
    assert turn_point(x, y, back) == pytest.approx((0.2, 0.1))


def test_damaged_regions_stay_as_they_are(saved, marked):
    exif = Image.Exif()
    exif[0x0112] = 6
    broken = XMP.replace(b'stArea:x="0.25"', b'stArea:x="left"').replace(b"0.1, 0.1, 0.3, 0.3", b"none")
    photo = media.open(saved(marked, "WEBP", lossless=True, exif=exif, xmp=broken))
    assert b'stArea:x="left"' in photo.xmp
    assert b'MPReg:Rectangle="none"' in photo.xmp

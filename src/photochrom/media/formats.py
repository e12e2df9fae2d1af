"""The table of file formats: first bytes, suffixes, capabilities, and the format that is written instead.

No other module of Photochrom lists formats, suffixes or first bytes.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import PurePath

__all__ = [
    "FORMATS",
    "HEAD",
    "Format",
    "by_name",
    "by_suffix",
    "is_photo_suffix",
    "left_out_reason",
    "readable",
    "sniff",
    "writable",
]

HEAD = 64
"""The number of a file's first bytes that `sniff` reads."""


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    Attributes
    ----------
    name
        The name in upper case, as in `Photo.format` and ``--format``.
    title
        The name in sentences.
    mime
        The media type (from IANA if it is registered).
    suffixes
        The suffixes with dot, in lower case, the usual one first. A result keeps such a suffix.
    other_suffixes
        Suffixes of files that open as this format, but whose results get the usual suffix. For example, a stereo
        ``.mpo`` becomes a ``.jpg``.
    magic
        A regular expression for the first bytes. ISO media files use `brands` instead.
    brands
        Major or compatible brands of the "ftyp" box (ISO/IEC 14496-12).
    bits
        Bits per sample that a written file can have.
    color, alpha, pages, exif, xmp, iptc, icc
        Whether a written file can contain it. `iptc` means IIM. Every format with XMP can contain IPTC as XMP.
    max_side
        The largest number of pixels on a side; None if the limit is above 65,536.
    reads, writes
        Whether Photochrom reads or writes it.
    written_as
        The name of the format that is written for an input of this format.
    extra
        The extra that reading needs, or "".
    video
        True for films.
    """

    name: str
    title: str
    mime: str
    suffixes: tuple[str, ...]
    other_suffixes: tuple[str, ...] = ()
    magic: bytes = b""
    brands: frozenset[bytes] = frozenset()
    bits: tuple[int, ...] = (8,)
    color: bool = True
    alpha: bool = True
    pages: bool = False
    exif: bool = False
    xmp: bool = False
    iptc: bool = False
    icc: bool = False
    max_side: int | None = None
    reads: bool = False
    writes: bool = False
    written_as: str = ""
    extra: str = ""
    video: bool = False


def _brands(*names: str) -> frozenset[bytes]:
    return frozenset(name.encode().ljust(4) for name in names)


_RAW = (
    ".dng .nef .nrw .cr2 .cr3 .crw .arw .srf .sr2 .orf .rw2 .raf .pef .srw .rwl .3fr .iiq .erf .mrw .raw"
    " .x3f .kdc .dcr .mef .mos .fff .gpr .k25 .bay .cap .ptx"
)
RAW_SUFFIXES = tuple(_RAW.split())
RAW_MAGIC = rb"FUJIFILMCCD-RAW|IIRO|IIRS|MMOR|IIU\0|FOVb|\0MRM|.{6}HEAPCCDR|.{8}CR"
# The sizes of the header that follows. They distinguish a bitmap from a text that begins with "BM". The reserved bytes
# before them should be 0, but some programs write other values.
BMP_MAGIC = rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0"
HEIC_BRANDS = _brands("heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1", "mif2")

FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format(
            "JPEG",
            "JPEG",
            "image/jpeg",
            (".jpg", ".jpeg", ".jpe", ".jfif"),
            (".mpo", ".jps", ".pjpeg", ".pjp", ".jif"),
            magic=rb"\xff\xd8\xff[^\xf7]",
            alpha=False,
            exif=True,
            xmp=True,
            iptc=True,
            icc=True,
            max_side=65_535,
            reads=True,
            writes=True,
        ),
        Format(
            "PNG",
            "PNG",
            "image/png",
            (".png",),
            (".apng",),
            magic=rb"\x89PNG\r\n\x1a\n",
            bits=(8, 16),
            exif=True,
            xmp=True,
            icc=True,
            reads=True,
            writes=True,
        ),
        Format(
            "TIFF",
            "TIFF",
            "image/tiff",
            (".tif", ".tiff"),
            magic=rb"II[*+]\0|MM\0[*+]",
            bits=(8, 16),
            pages=True,
            exif=True,
            xmp=True,
            iptc=True,
            icc=True,
            reads=True,
            writes=True,
        ),
        Format(
            "WEBP",
            "WebP",
            "image/webp",
            (".webp",),
            magic=rb"RIFF.{4}WEBP",
            exif=True,
            xmp=True,
            icc=True,
            max_side=16_383,
            reads=True,
            writes=True,
        ),
        Format(
            "AVIF",
            "AVIF",
            "image/avif",
            (".avif",),
            brands=_brands("avif", "avis"),
            exif=True,
            xmp=True,
            icc=True,
            max_side=65_536,
            reads=True,
            writes=True,
        ),
        Format(
            "HEIF",
            "HEIC",
            "image/heic",
            (".heic", ".heif", ".hif"),
            brands=HEIC_BRANDS,
            bits=(8, 10),
            exif=True,
            xmp=True,
            icc=True,
            max_side=65_535,
            reads=True,
            writes=True,
            extra="photo",
        ),
        Format(
            "JPEG-LS",
            "JPEG-LS",
            "image/jls",
            (".jls",),
            magic=rb"\xff\xd8\xff\xf7",
            bits=(8, 16),
            reads=True,
            written_as="PNG",
            extra="codecs",
        ),
        Format("BMP", "BMP", "image/bmp", (".bmp", ".dib"), magic=BMP_MAGIC, reads=True, written_as="PNG"),
        Format(
            "GIF", "GIF", "image/gif", (".gif",), magic=rb"GIF8[79]a", xmp=True, reads=True, written_as="PNG"
        ),
        Format(
            "RAW",
            "camera RAW",
            "image/x-dcraw",
            RAW_SUFFIXES,
            magic=RAW_MAGIC,
            brands=_brands("crx"),
            bits=(16,),
            reads=True,
            written_as="TIFF",
            extra="photo",
        ),
        Format(
            "PNM",
            "PNM",
            "image/x-portable-anymap",
            (".pgm", ".ppm", ".pbm", ".pnm", ".pam"),
            magic=rb"P[1-7]\s",
            reads=True,
            written_as="PNG",
        ),
        Format(
            "JPEG 2000",
            "JPEG 2000",
            "image/jp2",
            (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc", ".jpm"),
            magic=rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",
            reads=True,
            written_as="PNG",
        ),
        Format(
            "JPEG XL",
            "JPEG XL",
            "image/jxl",
            (".jxl",),
            magic=rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n",
            reads=True,
            written_as="PNG",
            extra="codecs",
        ),
        Format(
            "PSD",
            "PSD",
            "image/vnd.adobe.photoshop",
            (".psd", ".psdt"),
            magic=rb"8BPS\0\x01",
            reads=True,
            written_as="TIFF",
        ),
    )
}
"""The formats that Photochrom reads, by name. Sentences list them in this order."""

_Row = tuple[str, str, str, bytes]
# Formats that are recognised only to name them in messages. More specific first bytes come first.
_PICTURES: tuple[_Row, ...] = (
    ("JPEG XR", "image/jxr", ".jxr .wdp .hdp", rb"II\xbc[\0\x01]"),
    ("PSB", "image/vnd.adobe.photoshop", ".psb", rb"8BPS\0\x02"),
    ("PFM", "image/x-portable-floatmap", ".pfm", rb"P[Ff]\s"),
    ("OpenEXR", "image/x-exr", ".exr", rb"\x76\x2f\x31\x01"),
    ("Radiance HDR", "image/vnd.radiance", ".hdr .rgbe", rb"#\?(RADIANCE|RGBE)"),
    ("ICO", "image/vnd.microsoft.icon", ".ico .cur", rb"\0\0[\x01\x02]\0[^\0]\0.{4}[\0\x01]\0"),
    ("TGA", "image/x-tga", ".tga", rb""),
    ("PCX", "image/x-pcx", ".pcx .dcx", rb"\x0a[\0\x02-\x05][\0\x01][\x01\x02\x04\x08]"),
    ("Photo CD", "image/x-photo-cd", ".pcd", rb""),
    ("FlashPix", "image/vnd.fpx", ".fpx", rb""),
    ("XCF", "image/x-xcf", ".xcf", rb"gimp xcf"),
    ("DjVu", "image/vnd.djvu", ".djvu .djv", rb"AT&TFORM"),
    ("DICOM", "application/dicom", ".dcm .dicom", rb""),
    ("FITS", "image/fits", ".fits .fit .fts", rb"SIMPLE  ="),
    ("DDS", "image/vnd-ms.dds", ".dds", rb"DDS \|\0\0\0"),
    ("SVG", "image/svg+xml", ".svg .svgz", rb"\s*(<\?xml[^>]*>\s*)?(<!--.*)?(<!DOCTYPE svg|<svg[\s>])"),
    ("PDF", "application/pdf", ".pdf .ai", rb"%PDF-"),
    ("PostScript", "application/postscript", ".eps .ps", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("Windows metafile", "image/wmf", ".wmf .emf", rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF"),
)
_VIDEOS: tuple[_Row, ...] = (
    ("Matroska or WebM", "video/matroska", ".mkv .webm", rb"\x1a\x45\xdf\xa3"),
    ("AVI", "video/vnd.avi", ".avi", rb"RIFF.{4}AVI "),
    ("QuickTime", "video/quicktime", ".mov .qt", rb".{4}(moov|mdat|wide|free|skip)|.{4}ftypqt  "),
    ("MP4", "video/mp4", ".mp4 .m4v .3gp .3g2", rb".{4}ftyp"),
    ("MPEG", "video/mpeg", ".mpg .mpeg .vob .m2v", rb"\0\0\x01[\xba\xb3]"),
    ("MPEG-TS", "video/mp2t", ".mts .m2ts .ts", rb"G.{187}G|.{4}G.{191}G"),
    ("Windows Media", "video/x-ms-wmv", ".wmv .asf", rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("Flash video", "video/x-flv", ".flv", rb"FLV\x01"),
    ("Ogg", "video/ogg", ".ogv .ogg", rb"OggS"),
    ("DV", "video/dv", ".dv", rb""),
    ("MXF", "application/mxf", ".mxf", rb"\x06\x0e\x2b\x34\x02\x05\x01\x01"),
)
FORMATS |= {
    title.upper(): Format(
        title.upper(), title, mime, tuple(suffixes.split()), magic=magic, video=rows is _VIDEOS
    )
    for rows in (_PICTURES, _VIDEOS)
    for title, mime, suffixes, magic in rows
}

_BY_SUFFIX = {
    suffix: format for format in FORMATS.values() for suffix in (*format.suffixes, *format.other_suffixes)
}


def by_name(name: str) -> Format | None:
    """The format for a name such as "JPEG", "jpeg", "jpg" or ".jpg"; None if there is no such format."""
    bare = name.strip().removeprefix(".")
    return FORMATS.get(bare.upper()) or _BY_SUFFIX.get("." + bare.lower())


def by_suffix(suffix: str) -> Format | None:
    """The format of files with this suffix (".JPG"), or with the suffix of this name; None if it is unknown."""
    suffix = (os.path.splitext(suffix)[1] or suffix).lower()
    return _BY_SUFFIX.get(suffix)


def readable() -> tuple[Format, ...]:
    """The formats that Photochrom reads."""
    return tuple(format for format in FORMATS.values() if format.reads)


def writable() -> tuple[Format, ...]:
    """The formats that Photochrom writes."""
    return tuple(format for format in FORMATS.values() if format.writes)


def is_photo_suffix(suffix: str) -> bool:
    """Whether a folder scan treats files with this suffix (or name) as photos."""
    format = by_suffix(suffix)
    return format is not None and format.reads


def left_out_reason(suffix: str) -> str | None:
    """The reason, in words, why a folder scan leaves out a picture or a film with this suffix (or name).

    None if the scan does not leave it out, or if the suffix does not belong to a picture or a film.
    """
    format = by_suffix(suffix)
    return None if format is None or format.reads else refusal(format)


def refusal(format: Format) -> str:
    """The error text for a file of a format that is recognised but not read."""
    return f"{format.title} is a video format" if format.video else f"{format.title} is not supported yet"


def sniff(head: bytes, name: str = "") -> Format | None:
    """Recognise the format of a file by its first `HEAD` bytes; None if it is not a known picture or film.

    Many RAW formats have the first bytes of a TIFF. Only for them, the suffix of `name` decides.
    """
    head = head[:HEAD]
    if head[4:8] == b"ftyp" and (format := _by_brand(head)):
        return format
    raw = FORMATS["RAW"]
    if re.match(raw.magic, head, re.DOTALL):
        return raw
    for format in FORMATS.values():
        if format.magic and re.match(format.magic, head, re.DOTALL):
            is_raw = format.name == "TIFF" and PurePath(name).suffix.lower() in RAW_SUFFIXES
            return raw if is_raw else format
    return None


def _by_brand(head: bytes) -> Format | None:
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, len(head), 4)}
    # "mif1" is also a brand of AVIF files, so AVIF is tested before HEIC.
    for name in ("RAW", "AVIF", "HEIF"):
        if brands & FORMATS[name].brands:
            return FORMATS[name]
    return None

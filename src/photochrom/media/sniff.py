"""What a file is, by its first bytes: a suffix lies."""

from __future__ import annotations

from pathlib import PurePath

__all__ = ["FORMATS", "suffixes", "what"]

SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "AVIF": (".avif",),
    "HEIF": (".heic", ".heif", ".hif"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
}
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF")  # that can be written
RAW_SUFFIXES = {".dng", ".nef", ".nrw", ".cr2", ".cr3", ".crw", ".arw", ".srf", ".sr2", ".orf", ".rw2"}
RAW_SUFFIXES |= {
    ".raf",
    ".pef",
    ".srw",
    ".rwl",
    ".3fr",
    ".iiq",
    ".erf",
    ".mrw",
    ".raw",
    ".x3f",
    ".kdc",
    ".dcr",
}
RAW_HEADS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}


def suffixes(format: str) -> tuple[str, ...]:
    """The suffixes of a format, the usual one first."""
    return SUFFIXES[format]


def what(head: bytes, name: str = "") -> str | None:
    """The format of a file by its first 64 bytes, or None for what is no picture known here.

    Many RAW formats are TIFF by their first bytes; for those alone the suffix of `name` decides.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(RAW_HEADS) or head[6:14] == b"HEAPCCDR" or head[8:10] == b"CR":
        return "RAW"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "RAW" if PurePath(name).suffix.lower() in RAW_SUFFIXES else "TIFF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "BMP"
    return _by_brand(head)


def _by_brand(head: bytes) -> str | None:
    if head[4:8] != b"ftyp":
        return None
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, min(len(head), 64), 4)}
    if b"crx " in brands:
        return "RAW"
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIF" if brands & HEIF_BRANDS else None

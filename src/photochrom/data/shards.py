"""Tar files of photos (WebDataset shards): an index for random access, and a download of remote tars.

A WebDataset (Aizman et al. 2019) is a set of plain tars. Files of one sample share their name up to the first dot.
"""

import hashlib
import os
import re
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import fsspec

from photochrom.files import atomic

END = bytes(tarfile.BLOCKSIZE)


class Member(NamedTuple):
    """A file in a tar: its name, the offset of its bytes and their number."""

    name: str
    offset: int
    size: int


def index(path: Path) -> list[Member]:
    """List the regular files of a tar, in its order. Only headers are read, so the tar may be larger than memory.

    Raises
    ------
    ValueError
        If the file is not a tar, is cut short, or is compressed, so that single photos cannot be read.
    """
    members = []
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            for member in tar:
                if member.isreg() and not member.issparse():
                    members.append(Member(member.name, member.offset_data, member.size))
                # tarfile keeps every header, which needs gigabytes for ImageNet.
                tar.members = []  # type: ignore[attr-defined]
            # tarfile also stops at a damaged header, but a whole tar ends with a block of zeros.
            file.seek(tar.offset)
            if file.read(tarfile.BLOCKSIZE) != END:
                raise tarfile.ReadError(f"damaged or cut at byte {tar.offset:,}")
    except tarfile.TarError as error:
        with path.open("rb") as file:
            compressed = file.read(6).startswith(
                (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK")
            )
        remedy = "it is compressed; unpack it first" if compressed else f"{error}; copy it again"
        raise ValueError(f"{path}: not a whole tar file ({remedy})") from error
    return members


def read_member(path: Path, member: Member) -> bytes:
    """Read the bytes of a file in a tar. Each call opens the tar itself, so any thread may call it."""
    with path.open("rb") as file:
        file.seek(member.offset)
        data = file.read(member.size)
    if len(data) < member.size:
        raise EOFError("the tar has become shorter")
    return data


def expand(pattern: str) -> list[str]:
    """Expand ``{000..012}`` and ``*`` in the path or URL of tars, as WebDataset does.

    Raises
    ------
    FileNotFoundError
        If no file matches.
    """
    found = _expanded(pattern)
    if not found:
        raise FileNotFoundError(f"{pattern}: no file fits this")
    return found


def is_url(path: str | Path) -> bool:
    """Return whether a path is a URL for fsspec, such as ``s3://bucket/photos.tar``."""
    return "://" in str(path)


def fetch(url: str, cache: Path | None = None) -> Path:
    """Download a remote tar into the folder `cache` once, and return its path.

    A local copy gives epochs in random order, and its keys are known before the first batch. A shuffle buffer over the
    remote bytes gives neither. The copy appears whole or not at all. Delete it to download it again.

    Parameters
    ----------
    cache : by default ``photochrom`` in the user's cache folder

    Raises
    ------
    OSError
        If the address cannot be read, or sends less than it announced.
    ImportError, ValueError
        If the kind of address needs a package that is not installed, or is unknown.
    """
    folder = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "photochrom"
    digest = hashlib.blake2b(url.encode(), digest_size=6).hexdigest()
    target = folder / f"{digest}-{url.split('?', maxsplit=1)[0].rsplit('/', 1)[-1]}"
    if os.path.isfile(target):
        return target
    files, inner = _open(url)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with atomic(target, overwrite=True) as part:
            _receive(files, inner, part)
    except _NotReceived as error:
        raise OSError(f"{url}: cannot be fetched ({error})") from error.__cause__
    return target


class _NotReceived(Exception):
    """It is not an OSError, because `atomic` would treat that as a failure to write."""


def _receive(files: Any, inner: str, part: Path) -> None:
    try:
        files.get_file(inner, str(part))
        promised, got = files.size(inner), part.stat().st_size
        if promised is not None and got != promised:
            raise OSError(f"{got:,} of {promised:,} bytes came")
    except Exception as error:
        # Each protocol's client has its own exceptions. The user needs the address and one line.
        raise _NotReceived(" ".join(f"{type(error).__name__}: {error}".split())) from error


def _expanded(pattern: str) -> list[str]:
    braces = re.search(r"\{(\d+)\.\.(\d+)\}", pattern)
    if braces:
        before, after = pattern[: braces.start()], pattern[braces.end() :]
        numbers = range(int(braces[1]), int(braces[2]) + 1)
        return [name for n in numbers for name in _expanded(f"{before}{n:0{len(braces[1])}d}{after}")]
    if "*" not in pattern:
        return [pattern]
    files, inner = _open(pattern)
    found = [name for name in sorted(files.glob(inner)) if not name.rpartition("/")[2].startswith(".")]
    return [files.unstrip_protocol(name) for name in found] if is_url(pattern) else found


def _open(url: str) -> tuple[Any, str]:
    try:
        files, inner = fsspec.url_to_fs(url)
    except ImportError as error:
        raise ImportError(f"{url}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{url}: {error}") from error
    return files, str(inner)

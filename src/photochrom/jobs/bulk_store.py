"""Files by path or URL, and a bucket as a `Store` for results. URLs are those of fsspec: ``s3://``, ``gs://``, ..."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from photochrom.errors import OptionError, PhotoError, Remedy, UnreadableError, WriteError
from photochrom.files import require_file, write_atomic
from photochrom.media import provenance
from photochrom.pipeline.targets import DISK, Seen, Store

__all__ = ["Bucket", "Root", "filesystem", "is_url", "open_binary", "read", "store_error", "suffix_of"]

CONNECT_SECONDS, READ_SECONDS, TRIES = 10, 20, 8
"""A store that answers 503 is asked again, with growing pauses, for about a minute. One that is silent, for three."""
HEAD_BYTES = 1 << 18
"""The metadata of most photos lie in the first so many bytes."""


def is_url(text: str) -> bool:
    """Whether a text is a URL such as ``s3://bucket/box``, and not a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text) is not None


def suffix_of(path: str) -> str:
    """The suffix of a path or URL in lower case, with its dot."""
    return PurePosixPath(path).suffix.lower()


@lru_cache
def filesystem(protocol: str, endpoint: str | None) -> Any:
    """The file system of fsspec for a protocol such as "s3". One per process.

    Raises
    ------
    OptionError
        If there is no such protocol, its package is not installed, or the endpoint is no web address.
    """
    import fsspec

    options: dict[str, Any] = {"use_listings_cache": False}
    if protocol == "s3":
        # With more, each read would first ask for the size of the object, which is one more request.
        options["max_concurrency"] = 1
        options["config_kwargs"] = {
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
            "retries": {"total_max_attempts": TRIES, "mode": "standard"},
        }
    if endpoint:
        if not endpoint.startswith(("http://", "https://")):
            raise OptionError("", f"the endpoint {endpoint} must begin with http:// or https://")
        options["endpoint_url"] = endpoint
        # gcsfs would ask Google for the kind of each bucket, also where the store is another one.
        os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    # Their errors become our sentences. What they log too would stand between the lines of a run.
    for package in ("gcsfs", "s3fs"):
        logging.getLogger(package).setLevel(logging.CRITICAL)
    try:
        files = fsspec.filesystem(protocol, **options)
        if protocol == "s3":
            # s3fs would repeat all tries of botocore five times, which takes a quarter of an hour with a silent store.
            files.retries = 1
        return files
    except ImportError:
        raise OptionError(
            "", f"{protocol}:// needs a package that is not installed", Remedy.INSTALL_CLOUD
        ) from None
    except ValueError:
        raise OptionError("", f"{protocol}:// is not known; give s3://, gs:// or a folder") from None


def open_binary(path: str, endpoint: str | None) -> BinaryIO:
    """Open a file for reading, by path or URL. Raises what the store raises; see `store_error`."""
    if not is_url(path):
        require_file(Path(path), path)
        return Path(path).open("rb")
    opened: BinaryIO = filesystem(path.split("://", maxsplit=1)[0], endpoint).open(
        path, "rb", block_size=HEAD_BYTES, cache_type="readahead"
    )
    return opened


def read(path: str, endpoint: str | None = None) -> bytes:
    """All bytes of a file, by path or URL.

    Raises
    ------
    PhotoError
        If there is no such file, or it cannot be read.
    """
    try:
        if not is_url(path):
            require_file(Path(path), path)
            return Path(path).read_bytes()
        return _read_object(filesystem(path.split("://", maxsplit=1)[0], endpoint), path)
    except (PhotoError, OptionError):
        raise
    except Exception as error:
        raise store_error(error, path) from error


def _read_object(files: Any, path: str) -> bytes:
    for number in range(1, TRIES + 1):
        try:
            data: bytes = files.cat_file(path)
        except Exception as error:
            # The store has answered, and the connection has ended before the last byte.
            if number == TRIES or type(error).__name__ not in ("ClientPayloadError", "IncompleteRead"):
                raise
        else:
            return data
    raise AssertionError


def store_error(error: BaseException, path: str) -> PhotoError:
    """The error that says why a file could not be read. Stores raise errors of many kinds and packages."""
    kind = type(error).__name__
    words = " ".join(str(error).split())
    if isinstance(error, PhotoError):
        return error
    if isinstance(error, FileNotFoundError):
        if "bucket" in words.lower():
            return UnreadableError(path, "there is no such bucket", Remedy.CHECK_PATH, code="no_bucket")
        return UnreadableError(path, "there is no such file", Remedy.CHECK_PATH, code="missing")
    if "credentials" in kind.lower() or "credentials" in words.lower():
        return UnreadableError(
            path, "there are no credentials for the store", Remedy.GIVE_CREDENTIALS, code="credentials"
        )
    if isinstance(error, PermissionError):
        what = "may not be read" if not is_url(path) else "the store refuses access"
        remedy = Remedy.GIVE_CREDENTIALS if is_url(path) else Remedy.READ_PERMISSION
        return UnreadableError(path, what, remedy, code="permission")
    if isinstance(error, IsADirectoryError):
        return UnreadableError(path, "is a folder", Remedy.GIVE_FILE_IN_FOLDER, code="folder")
    if not is_url(path):
        return UnreadableError(path, f"cannot be read ({words or kind})", Remedy.CHECK_PATH)
    if any(part in kind.lower() for part in ("endpoint", "connect", "dns")):
        return UnreadableError(path, "the store cannot be reached", Remedy.CHECK_NETWORK, code="no_store")
    what = f"the store did not answer in time or refused ({words or kind})"
    return UnreadableError(path, what, Remedy.CONTINUE_LATER, code="store")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder or a bucket prefix, in which files have relative names.

    Attributes
    ----------
    url
        The folder's path or the prefix's URL, without a slash at its end.
    endpoint
        The address of an S3-compatible store; None means the store's own.
    """

    url: str
    endpoint: str | None = None

    @classmethod
    def of(cls, text: str, endpoint: str | None = None) -> Root:
        """The root for what a user wrote."""
        if not text:
            raise OptionError("", "the name of a folder or bucket is empty")
        return cls(text.rstrip("/") if is_url(text) else os.path.abspath(text), endpoint)

    @property
    def remote(self) -> bool:
        """Whether it is object storage."""
        return is_url(self.url)

    @property
    def store(self) -> Store:
        """Where results are written: relative names for a bucket, whole paths for a folder."""
        return Bucket(self) if self.remote else DISK

    def path(self, name: str) -> str:
        """The full path or URL of a relative name."""
        return f"{self.url}/{name}"

    def folder(self, name: str) -> Path:
        """The folder that `Destination` needs for the result of a relative name."""
        inside = PurePosixPath(name).parent
        return Path(inside) if self.remote else Path(self.url, inside)

    def relative(self, output: str) -> str:
        """The relative name of a file that a `Store` has written."""
        return output if self.remote else os.path.relpath(output, self.url)

    def read(self, name: str) -> bytes:
        """All bytes of a file."""
        return read(self.path(name), self.endpoint)

    def write(self, name: str, data: bytes) -> None:
        """Write a file, which may be there already.

        Raises
        ------
        WriteError
        """
        if self.remote:
            Bucket(self).write(Path(name), data, overwrite=True)
        else:
            Path(self.path(name)).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path(name), data, overwrite=True)

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, sorted; none if there is no such folder.

        Raises
        ------
        PhotoError
            If it cannot be listed.
        """
        where = self.path(folder)
        try:
            if not self.remote:
                return sorted(name for name in os.listdir(where) if os.path.isfile(os.path.join(where, name)))
            found = self.filesystem.ls(where, detail=False)
            return sorted(PurePosixPath(name).name for name in found)
        except FileNotFoundError:
            return []
        except OptionError:
            raise
        except Exception as error:
            raise store_error(error, where) from error

    def is_empty(self) -> bool:
        """Whether a bucket prefix has no objects, or a folder no files.

        Raises
        ------
        PhotoError
            If it cannot be listed.
        """
        try:
            if not self.remote:
                with os.scandir(self.url) as found:
                    return next(found, None) is None
            files = self.filesystem
            if not hasattr(files, "call_s3"):
                return not files.ls(self.url, detail=False)
            bucket, key, _ = files.split_path(self.url)
            prefix = f"{key}/" if key else ""
            page = files.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=1)
            return not page.get("Contents")
        except FileNotFoundError:
            return True
        except OptionError:
            raise
        except Exception as error:
            raise store_error(error, self.url) from error

    @property
    def filesystem(self) -> Any:
        """The file system of fsspec that holds it."""
        return filesystem(self.url.split("://")[0], self.endpoint)

    def check_writable(self) -> None:
        """See whether results can be written, before photos are read.

        Raises
        ------
        WriteError, PhotoError
        """
        if not self.remote:
            if os.path.lexists(self.url) and not os.path.isdir(self.url):
                raise WriteError(self.url, "is a file", Remedy.CHOOSE_FOLDER, code="no_folder")
            return
        bucket = self.url.split("://", 1)[1].split("/")[0]
        try:
            self.filesystem.ls(bucket, detail=False)
        except OptionError:
            raise
        except Exception as error:
            if isinstance(error, FileNotFoundError):
                raise UnreadableError(
                    self.url, "there is no such bucket", Remedy.CHECK_PATH, code="no_bucket"
                ) from None
            raise store_error(error, self.url) from error


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket prefix as a `Store`; paths are relative to it."""

    root: Root

    def look(self, path: Path) -> Seen:
        """Look at what is at `path`, with one request where there is nothing."""
        url = self.root.path(path.as_posix())
        try:
            if not self._size(url):
                return Seen(False)
            with open_binary(url, self.root.endpoint) as file:
                return Seen(True, provenance.read(file))
        except FileNotFoundError:
            return Seen(False)
        except PhotoError:
            return Seen(True)
        except Exception as error:
            raise _as_write_error(store_error(error, url)) from error

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> None:
        """Write a whole object, or none. The store itself refuses to replace one unless `overwrite`."""
        url = self.root.path(path.as_posix())
        try:
            self.root.filesystem.pipe_file(url, data, mode="overwrite" if overwrite else "create")
        except FileExistsError:
            raise WriteError(url, "already exists", Remedy.ALLOW_OVERWRITE, code="exists") from None
        except Exception as error:
            raise _as_write_error(store_error(error, url)) from error

    def _size(self, url: str) -> int:
        files = self.root.filesystem
        if hasattr(files, "call_s3"):
            # `info` would list the objects below the name too, where there is no object of the name.
            bucket, key, _ = files.split_path(url)
            return int(files.call_s3("head_object", Bucket=bucket, Key=key)["ContentLength"])
        return int(files.info(url)["size"] or 0)


def _as_write_error(error: PhotoError) -> WriteError:
    return WriteError(error.path, error.what, error.remedy, code=error.code)


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn whatever reading a file raises into a `PhotoError`."""
    try:
        yield
    except (PhotoError, OptionError):
        raise
    except Exception as error:
        raise store_error(error, path) from error

"""Object storage on this machine, and small photos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import boto3
import numpy as np
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3-compatible store: moto's server on a free port of loopback."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Objects:
    """A bucket, looked at with boto3."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.endpoint, self.name, self.url = endpoint, name, f"s3://{name}"
        self.client = boto3.client("s3", endpoint_url=endpoint)
        self.client.create_bucket(Bucket=name)

    def put(self, key: str, data: bytes) -> str:
        """Write an object and return its URL."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data)
        return f"{self.url}/{key}"

    def get(self, key: str) -> bytes:
        """The bytes of an object."""
        data: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return data

    def keys(self, prefix: str = "") -> list[str]:
        """All keys below a prefix, sorted."""
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return sorted(each["Key"] for each in found)


@pytest.fixture
def bucket(
    s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Objects]:
    """A new empty bucket."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    name = f"b-{abs(hash(request.node.nodeid)):x}"[:40]
    return Objects(s3_endpoint, name)


@pytest.fixture
def grey_photo() -> Callable[..., bytes]:
    """Makes the bytes of a small grey photo; another `level` is another photo."""

    def make(level: int = 90, *, format: str = "JPEG", width: int = 56, height: int = 40) -> bytes:
        y, x = np.mgrid[:height, :width]
        grey = (level + 30 * np.sin(x / 9) + 30 * np.cos(y / 7)).astype(np.uint8)
        out = BytesIO()
        Image.fromarray(grey).save(out, format)
        return out.getvalue()

    return make


@pytest.fixture
def tree(tmp_path: Path, grey_photo: Callable[..., bytes]) -> Path:
    """A folder "in" with three photos: a.jpg, "sub/b c.png" and "sub/фото.jpg"."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(grey_photo(80))
    (folder / "sub/b c.png").write_bytes(grey_photo(90, format="PNG"))
    (folder / "sub/фото.jpg").write_bytes(grey_photo(100))
    return folder

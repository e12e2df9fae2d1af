"""Names in HTTP headers, for old clients and for new ones."""

from __future__ import annotations

from email.message import Message

import pytest

from photochrom.studio.names import disposition


@pytest.mark.parametrize(
    "name", ["a.jpg", "祖母 1931.jpg", 'a"; filename="b.jpg', "100% \\ done.jpg", "é.jpg"]
)
def test_a_name_survives_the_header(name: str) -> None:
    message = Message()  # Python's own parser of such headers
    message["Content-Disposition"] = disposition(name)
    assert message.get_content_disposition() == "attachment"
    values = [value for key, value in message.get_params(header="content-disposition") if key == "filename"]
    plain, (charset, _, encoded) = values
    # The parser leaves the bytes of an encoded value undecoded.
    assert (charset, encoded.encode("latin-1").decode(charset)) == ("UTF-8", name)
    assert len(plain) == len(name)
    assert disposition(name).isascii()

"""The pictures of the page: their order, their bytes and what is missing."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import pytest
from PIL import Image

from photochrom.bench.page.pictures import pictures
from photochrom.bench.results import Example, Results


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


def test_references_come_first_then_the_rows_in_their_order(results: Results) -> None:
    names = [row.name for row in results.rows[2:5]]
    drawn = {names[1]: png(1, 2), "truth": png(3, 4), names[0]: png(5, 6), "elsewhere": png(7, 8)}
    found = pictures(
        replace(results, examples=[Example("a.jpg", drawn), Example("b.jpg", {"truth": png(9, 1)})])
    )
    assert found is not None
    first, second = found.photos
    assert list(first.pictures) == ["truth", names[0], names[1], "elsewhere"]
    sizes = [(each.width, each.height) for each in first.pictures.values() if each]
    assert sizes == [(3, 4), (5, 6), (1, 2), (7, 8)]
    assert [name for name, each in second.pictures.items() if each is None] == [
        names[0],
        names[1],
        "elsewhere",
    ]
    assert found.models == [names[0], names[1], "elsewhere"]
    assert found.without == [row.name for row in results.rows[2:] if row.name not in names[:2]]
    assert found.modes == {"truth": "model | truth", "own": "model alone"}


def test_a_picture_is_a_data_url_of_its_own_bytes(results: Results) -> None:
    data = png(2, 2)
    found = pictures(replace(results, examples=[Example("a.jpg", {"grey": data})]))
    assert found is not None
    (picture,) = found.photos[0].pictures.values()
    assert picture is not None
    head, _, encoded = picture.source.partition(",")
    assert (head, base64.b64decode(encoded)) == ("data:image/png;base64", data)


def test_a_picture_that_is_none_is_named(results: Results) -> None:
    broken = replace(results, examples=[Example("a.jpg", {"grey": b"no picture"})])
    with pytest.raises(ValueError, match=r"a\.jpg, grey: not a JPEG, PNG or WebP picture"):
        pictures(broken)
    assert pictures(replace(results, examples=[])) is None

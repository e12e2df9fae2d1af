"""The schema of hints.json: it and the reader accept and refuse the same."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from photochrom.engine.hints import MOST_HINTS, parse_hints
from photochrom.engine.hints_schema import hints_schema

PUBLISHED = Path(__file__).parents[2] / "docs/hints.schema.json"
RED: dict[str, Any] = {"x": 0.5, "y": 0.25, "color": "#C02020"}
KEEP: dict[str, Any] = {"x": 0.5, "y": 0.25, "reach": "keep"}


def test_the_published_schema_is_this_one() -> None:
    schema = hints_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(PUBLISHED.read_text()) == schema


@pytest.mark.parametrize(
    ("hint", "good"),
    [
        (RED, True),
        (KEEP, True),
        *[(RED | {"reach": reach}, True) for reach in ("here", "thing", "like", None)],
        (RED | {"reach": "here", "radius": 0.05}, True),
        (RED | {"radius": None}, True),
        (KEEP | {"color": None}, True),
        (KEEP | {"color": "#000000"}, False),
        (RED | {"reach": "all"}, False),
        (RED | {"radius": 0.05}, False),
        (KEEP | {"radius": 0.05}, False),
        (RED | {"reach": "here", "radius": 0}, False),
        (RED | {"reach": "here", "radius": 0.6}, False),
        ({"x": 0, "y": 0}, False),
        (RED | {"x": 1.1}, False),
        (RED | {"x": "0"}, False),
        (RED | {"x": None}, False),
        (RED | {"color": "red"}, False),
        (RED | {"size": 3}, False),
    ],
)
def test_reader_and_schema_agree(hint: dict[str, Any], good: bool) -> None:
    validator = jsonschema.Draft202012Validator(hints_schema())
    for data in ([hint], {"hints": [hint]}):
        assert validator.is_valid(data) is good
        try:
            parse_hints(data)
            read = True
        except ValueError:
            read = False
        assert read is good


@pytest.mark.parametrize("data", [None, {}, {"hint": []}, {"hints": {}}, [RED] * (MOST_HINTS + 1)])
def test_what_is_no_list_of_hints_is_refused_by_both(data: Any) -> None:
    assert not jsonschema.Draft202012Validator(hints_schema()).is_valid(data)
    with pytest.raises(ValueError, match="hints"):
        parse_hints(data)

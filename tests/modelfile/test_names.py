"""Names of earlier versions."""

import pytest

from photochrom.modelfile import names


@pytest.mark.parametrize(
    ("schema", "name", "expected"),
    [
        (1, "vividness", "prior_strength"),
        (1, "likeness", "affinity"),
        (1, "ab", "ab"),
        (2, "vividness", "vividness"),
    ],
)
def test_current(schema: int, name: str, expected: str) -> None:
    assert names.current(name, schema) == expected


def test_names_pass_through_several_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "SCHEMA", 4)
    monkeypatch.setattr(names, "RENAMED", {1: {"a": "b"}, 3: {"b": "c"}})
    assert [names.current("a", 1), names.current("b", 2), names.current("a", 2)] == ["c", "c", "a"]

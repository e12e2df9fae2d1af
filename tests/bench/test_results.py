"""Results come back from their file as they were."""

from pathlib import Path

import pytest

from photochrom.bench.results import Results


def test_results_come_back_from_their_file(results: Results, tmp_path: Path) -> None:
    # Among them: curves, pictures, an infinite figure, a failed row and a name with markup.
    assert any(row.curve for row in results.rows)
    assert any(row.error for row in results.rows)
    assert results.examples
    results.save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == results


@pytest.mark.parametrize("text", ['{"rows": 1}', "[]", "not JSON", ""])
def test_another_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(ValueError, match=r"other\.json: not the results of an evaluation"):
        Results.load(tmp_path / "other.json")


def test_results_with_a_field_that_does_not_exist_are_refused(results: Results, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results.save(path)
    path.write_text(path.read_text().replace('"milliseconds"', '"fortnights"'))
    with pytest.raises(ValueError, match="fortnights"):
        Results.load(path)

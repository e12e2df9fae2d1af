"""The journal of a film: what counts as done after a stop."""

from pathlib import Path

from photochrom.jobs.film_journal import Journal


def finished(folder: Path, settings: dict[str, int]) -> Journal:
    journal = Journal(folder / "journal.json", settings)
    for number in (0, 2):
        journal.path(number).write_bytes(b"x" * (10 + number))
        journal.add(number, delay=3 + number)
    return journal


def test_a_new_run_knows_what_is_done(tmp_path: Path) -> None:
    finished(tmp_path, {"crf": 20})
    again = Journal(tmp_path / "journal.json", {"crf": 20})
    assert [again.has(number) for number in range(3)] == [True, False, True]
    assert (again.delay(0), again.delay(2)) == (3, 5)


def test_a_segment_of_another_size_is_not_done_and_is_removed(tmp_path: Path) -> None:
    journal = finished(tmp_path, {"crf": 20})
    journal.path(2).write_bytes(b"cut")
    again = Journal(tmp_path / "journal.json", {"crf": 20})
    assert [again.has(0), again.has(2)] == [True, False]
    assert sorted(path.name for path in tmp_path.glob("*.mkv")) == ["segment-00000.mkv"]


def test_other_settings_begin_anew(tmp_path: Path) -> None:
    finished(tmp_path, {"crf": 20})
    again = Journal(tmp_path / "journal.json", {"crf": 21})
    assert not again.has(0)
    assert list(tmp_path.glob("*.mkv")) == []


def test_a_broken_journal_is_an_empty_one(tmp_path: Path) -> None:
    finished(tmp_path, {"crf": 20})
    for text in ("", "[]", '{"digest": 1}'):
        (tmp_path / "journal.json").write_text(text)
        assert not Journal(tmp_path / "journal.json", {"crf": 20}).has(0)

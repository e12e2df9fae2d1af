"""What the commands say, where it goes, and the exit code that follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from photochrom.cli.console import Report, give_up, needs_extra, print_json, sentences, usage
from photochrom.errors import AlreadyColorError, OptionError, PhotoError, Remedy
from photochrom.pipeline.file_job import FileJob, Outcome
from photochrom.pipeline.request import ColorizeRequest
from photochrom.pipeline.targets import Destination


def job(index: int) -> FileJob:
    return FileJob(index, Path("a.jpg"), Destination(Path(), "a.jpg"), ColorizeRequest())


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            PhotoError("a.jpg", "has 9 megapixels", Remedy.RAISE_MAX_PIXELS),
            1,
            "a.jpg: has 9 megapixels; allow it with --max-pixels",
        ),
        (OptionError("size", "must be 32 or more"), 2, "size must be 32 or more"),
        (MemoryError(), 1, "there is not enough memory; close other programs, or allow more (ulimit -v)"),
        (OSError(28, "No space left on device", "b.jpg"), 1, "b.jpg: the disk is full"),
        (OSError(28, "No space left on device"), 1, "output: the disk is full"),
    ],
)
def test_an_error_is_one_line_and_a_code(
    error: Exception, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as raised, sentences():
        raise error
    assert raised.value.exit_code == code
    assert capsys.readouterr() == ("", f"photochrom: {words}\n")


def test_a_reader_of_stdout_that_leaves_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as raised, sentences():
        raise BrokenPipeError(32, "Broken pipe")
    assert raised.value.exit_code == 1
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), sentences(), usage():
        raise ZeroDivisionError


def test_wrong_usage_has_the_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as raised, usage():
        raise ValueError("give one of them")
    assert raised.value.exit_code == 2
    with pytest.raises(typer.Exit) as raised:
        give_up("two\nlines", 130)
    assert raised.value.exit_code == 130
    assert capsys.readouterr().err == "photochrom: give one of them\nphotochrom: two lines\n"


def test_json_is_ascii_whatever_the_name(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    # A file name that is no UTF-8 holds half of a surrogate pair in Python.
    print_json({"input": "Großmutter\udcff.jpg"})
    assert capfdbinary.readouterr().out == b'{\n  "input": "Gro\\u00dfmutter\\udcff.jpg"\n}\n'


def test_a_report_counts_and_lists_in_the_order_of_the_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    refused = AlreadyColorError("c.jpg", "is in colour already", Remedy.FORCE)
    broken = PhotoError("b.jpg", "is damaged", code="damaged")
    with Report(3, as_json=True) as report:
        report.add(job(2), Outcome("c.jpg", status="skipped", error=refused))
        report.add(job(1), Outcome("b.jpg", status="failed", error=broken))
        report.add(job(0), Outcome("a.jpg", ["a.color.jpg"], notes=["One note."], model="photochrom"))
    report.summary()
    said = capsys.readouterr()
    *lines, last = said.err.splitlines()
    assert lines == [
        "photochrom: c.jpg: is in colour already; --force colorizes it anew",
        "photochrom: b.jpg: is damaged",
        "photochrom: a.jpg: note: One note.",
    ]
    assert last.startswith("1 done, 1 skipped, 1 failed in ")
    found = json.loads(said.out)
    assert [(each["input"], each["status"], each["code"]) for each in found] == [
        ("a.jpg", "done", None),
        ("b.jpg", "failed", "damaged"),
        ("c.jpg", "skipped", "in_color"),
    ]
    assert found[0]["reason"] is None


def test_a_quiet_report_says_only_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    with Report(2, quiet=True) as report:
        report.add(job(0), Outcome("a.jpg", ["a.color.jpg"], notes=["One note."]))
        report.add(job(1), Outcome("b.jpg", status="failed", error=PhotoError("b.jpg", "is damaged")))
    report.summary()
    assert capsys.readouterr() == ("", "photochrom: b.jpg: is damaged\n")


def test_a_missing_package_names_its_extra(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), needs_extra("bulk", "bulk runs need", {"ray"}):
        raise ModuleNotFoundError("No module named 'ray.data'", name="ray.data")
    words = 'photochrom: bulk runs need ray; install it with: pip install ".[bulk]"'
    assert capsys.readouterr().err.startswith(words)
    # A package that the extra does not bring is a fault of ours, and must not be hidden.
    with pytest.raises(ImportError), needs_extra("bulk", "bulk runs need", {"ray"}):
        raise ModuleNotFoundError("No module named 'numpy'", name="numpy")

"""The Markdown table."""

import re
from dataclasses import replace

import pytest

from photochrom.bench.markdown import markdown
from photochrom.bench.results import Metric, Results, Row, Score


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_every_line_of_a_table_has_as_many_cells(results: Results) -> None:
    blocks = [block.splitlines() for block in markdown(results).split("\n\n") if block.startswith("|")]
    assert len(blocks) == 2
    for block in blocks:
        assert len({len(cells(line)) for line in block}) == 1


def test_figures_marks_and_notes(results: Results) -> None:
    text = markdown(results)
    table = {cells(line)[0]: cells(line) for line in text.split("\n\n")[0].splitlines()}
    assert table[""][1:5] == ["PSNR (dB) ↑", "SSIM ↑", "CIEDE2000 ↓", "Colorfulness ≈"]
    assert table["grey"][1] == "22.28 (22.27–22.29)"
    assert table["grey"][2] == "0.9310 † (0.9210–0.9410)"
    assert table["truth"][1] == "∞ <sup>a</sup>"
    assert "<sup>a</sup> Equal pictures." in text
    assert "†: a baseline" in text
    psnr = {name: row[1] for name, row in table.items()}
    assert table["photochrom (recipe, 8 minutes)"][1].startswith("22.")
    bold = [name for name, cell in psnr.items() if cell.startswith("**")]
    values = {
        row.name: row.scores["psnr"].value for row in results.rows if row.kind == "model" and not row.error
    }
    assert bold == [max(values, key=lambda name: values[name] or 0)]
    assert table["wgan"][1].startswith("*failed: The loss became NaN")


def test_differences_with_zero_are_no_difference(results: Results) -> None:
    rows = [cells(line) for line in markdown(results).split("\n\n")[2].splitlines()[2:]]
    assert [row[5] for row in rows] == ["they differ", "no difference", "they differ", "they differ"]
    assert rows[1][3:5] == ["−0.020", "−0.110 to 0.080"]


def test_chosen_columns_only(results: Results) -> None:
    text = markdown(results, ["psnr", "milliseconds"])
    assert cells(text.splitlines()[0]) == ["", "PSNR (dB) ↑", "Time (ms) ↓"]
    assert "CIEDE2000" not in text
    with pytest.raises(ValueError, match="no such column: lpips; the results have psnr, ssim"):
        markdown(results, ["lpips"])


def test_text_of_the_results_is_no_markup() -> None:
    row = Row("a|b *c* <i>\n`d`", "model", {"m": Score(1.0)})
    results = Results(
        "photochrom ```x", "now", "a_b", "1", {"fit": "[x]"}, [Metric("m", "M|", "", "higher", "")], [row]
    )
    text = markdown(results)
    assert r"| a\|b \*c\* &lt;i> \`d\` | 1.000 |" in text
    assert "````\nphotochrom ```x\n````" in text
    assert r"fit: \[x\]" in text
    assert r"on a\_b." in text


def test_a_table_of_nothing_but_failures(results: Results) -> None:
    failed = replace(results, rows=[row for row in results.rows if row.error], differences=[], metrics=[])
    assert "| wgan |" in markdown(failed)

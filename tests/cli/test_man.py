"""``photochrom man``: the help of all commands as one manual page."""

from __future__ import annotations

import re
from typing import Any

from photochrom.cli import COMMANDS


def test_the_manual_page_has_every_command_and_option(run: Any) -> None:
    result = run("man")
    assert result.exit_code == 0
    page = result.stdout
    assert page.startswith('.TH PHOTOCHROM 1 "" "photochrom ')
    headings = re.findall(r'^\.SH "?([^"\n]+)"?$', page, re.M)
    assert headings == [
        "NAME",
        "SYNOPSIS",
        "OPTIONS",
        *(f"photochrom {name}" for name in COMMANDS),
        "EXIT STATUS",
    ]
    # Subcommands of a command have their own sections.
    assert '.SS "photochrom turing serve"' in page
    part = page.split('.SH "photochrom colorize"')[1].split(".SH")[0]
    help = run("colorize", "--help").stdout
    options = set(re.findall(r"--[a-z][a-z-]+", help))
    assert options > {"--look", "--hints", "--out"}
    assert options <= set(re.findall(r"--[a-z][a-z-]+", part.replace("\\-", "-")))


def test_no_line_is_mistaken_for_a_request(run: Any) -> None:
    known = {".TH", ".SH", ".SS", ".B", ".TP", ".PP"}
    requests = {line.split()[0] for line in run("man").stdout.splitlines() if line.startswith((".", "'"))}
    assert requests == known

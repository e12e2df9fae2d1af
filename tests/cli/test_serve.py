"""``photochrom serve``: what is said before it listens. The running server is tested with the studio."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--keep-minutes", "0"], "PHOTOCHROM_KEEP_MINUTES: should be greater than 0"),
        (["--host", ""], "--host: an argument is empty"),
    ],
)
def test_a_wrong_setting_is_one_line_and_the_code_2(run: Any, arguments: list[str], words: str) -> None:
    result = run("serve", "--port", 0, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"photochrom: {words}")
    assert result.stderr.count("\n") == 1


def test_a_port_out_of_range_is_refused_by_name(run: Any) -> None:
    result = run("serve", "--port", 65536)
    assert result.exit_code == 2
    assert "'--port'" in result.stderr


def test_a_port_that_is_taken_is_one_line(run: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", port)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"photochrom: 127.0.0.1:{port}: cannot listen there (")


def test_it_says_where_the_page_is_and_ends_without_photos(commands: Any) -> None:
    served = commands.serve("serve", "--keep-minutes", 0.5)
    assert "0.5 minutes after they are done" in served.said[0]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/ has the page; Ctrl-C stops", served.said[-1])
    assert served.end() == (0, "stopped with 0 done, 0 failed, 0 unfinished; all photos are deleted\n")

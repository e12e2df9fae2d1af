"""Commands that serve a page say in one line what they lack."""

from __future__ import annotations

import queue
import socket

import pytest
import typer

from photochrom.cli.serving import needs_studio, open_browser, open_listener


@pytest.mark.parametrize("missing", ["uvicorn", "starlette", "starlette.applications", "h11", "jinja2"])
def test_a_missing_package_names_its_extra(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end, needs_studio("the page of a study"):
        raise ModuleNotFoundError(f"No module named '{missing}'", name=missing)
    assert end.value.exit_code == 1
    assert capsys.readouterr().err == (
        f"photochrom: the page of a study needs {missing.partition('.')[0]};"
        ' install it with: pip install ".[studio]"'
        " in the folder of Photochrom's source\n"
    )


def test_a_mistake_of_ours_is_no_missing_package() -> None:
    with pytest.raises(ImportError), needs_studio("the studio"):
        raise ImportError("cannot import name 'x' from 'photochrom'", name="photochrom")


@pytest.mark.parametrize(
    ("variables", "opened"),
    [
        ({}, 0),
        ({"DISPLAY": ":0"}, 1),
        ({"WAYLAND_DISPLAY": "wayland-0"}, 1),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "x"}, 0),
    ],
)
def test_the_browser_opens_on_a_desktop_alone(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], opened: int
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    urls: queue.SimpleQueue[str] = queue.SimpleQueue()
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("webbrowser.open", urls.put)
    open_browser("http://127.0.0.1:8000/")
    found = [urls.get(timeout=60) for _ in range(opened)]
    assert found == ["http://127.0.0.1:8000/"] * opened
    assert urls.empty()


def test_a_port_that_is_taken_and_a_host_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with open_listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(typer.Exit):
            open_listener("127.0.0.1", port)
    with pytest.raises(typer.Exit):
        open_listener("no-such-host.invalid", port)
    taken, unknown = capsys.readouterr().err.splitlines()
    words = "cannot listen there (another program uses it); give another --port or --host"
    assert taken == f"photochrom: 127.0.0.1:{port}: {words}"
    assert unknown.startswith(f"photochrom: no-such-host.invalid:{port}: cannot listen there (")
    assert socket.gaierror.__name__ not in unknown

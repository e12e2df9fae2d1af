"""``photochrom serve``: run the studio, a page and an HTTP interface on this machine."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from photochrom.cli.console import USAGE, give_up, say, sentences
from photochrom.cli.serving import needs_studio, open_browser, open_listener

if TYPE_CHECKING:
    import socket

    from photochrom.studio.settings import Settings

LIMITS = "Limits"


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; 0.0.0.0 admits others. Default: 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0 takes any free port. Default: 8000.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|FILE.onnx", help="See `photochrom models`.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Photos at once. Default: by cores.")
    ] = None,
    browser: Annotated[
        bool | None,
        typer.Option("--browser/--no-browser", help="Open the page in this machine's browser. Default: yes."),
    ] = None,
    max_bytes: Annotated[
        int | None, typer.Option(min=1024, help="Of one request. Default: 200 MiB.", rich_help_panel=LIMITS)
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Of one photo. Default: 200 million.", rich_help_panel=LIMITS)
    ] = None,
    queue: Annotated[
        int | None, typer.Option(min=1, help="Photos that may wait. Default: 200.", rich_help_panel=LIMITS)
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Of one client. Default: 600.", rich_help_panel=LIMITS)
    ] = None,
    keep_minutes: Annotated[
        float | None,
        typer.Option(help="Until a finished photo is deleted. Default: 60.", rich_help_panel=LIMITS),
    ] = None,
) -> None:
    """Serve the studio: a page for a browser, and an API at /docs. Ctrl-C stops it and removes every photo.

    Environment variables PHOTOCHROM_NAME set these options and more. If PHOTOCHROM_TOKEN is set, every request must
    send it.
    """
    given = {name: value for name, value in locals().items() if value is not None}
    with sentences(), needs_studio("the studio"):
        from pydantic import ValidationError

        from photochrom.studio.settings import Settings, sentence

        try:
            settings = Settings(**given)
        except ValidationError as error:
            give_up(sentence(error), USAGE)
        _run(settings)


def _run(settings: Settings) -> None:
    from photochrom.studio.app import create_app
    from photochrom.studio.server import Server

    listener = open_listener(settings.host, settings.port)
    app = create_app(settings)
    # If the app cannot start, uvicorn exits without a message.
    with listener, contextlib.suppress(SystemExit):
        Server(app, settings, lambda: _announce(settings, listener)).run(sockets=[listener])
    failure: Exception | None = getattr(app.state, "failure", None)
    if failure is not None:
        raise failure
    _part(app.state.studio)


def _announce(settings: Settings, listener: socket.socket) -> None:
    from photochrom.web.address import is_loopback, page_url

    port = listener.getsockname()[1]
    if settings.token is None and not is_loopback(settings.host):
        say("anyone who can reach this machine can use the studio; set PHOTOCHROM_TOKEN to require a token")
    say(
        f"photos are deleted {settings.keep_minutes:g} minutes after they are done, and when the server stops"
    )
    url = page_url(settings.host, port)
    say(f"{url} has the page; Ctrl-C stops")
    if settings.browser:
        open_browser(url)


def _part(studio: Any) -> None:
    """Close the studio and print the counts.

    If photos are unfinished, the process exits at once. Otherwise it would wait until their networks have run.
    """
    studio.close()
    done, failed = studio.counts["done"], studio.counts["failed"]
    say(f"stopped with {done} done, {failed} failed, {studio.unfinished} unfinished; all photos are deleted")
    if studio.unfinished:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

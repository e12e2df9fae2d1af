"""The study's page and its small API, on Python's own HTTP server.

    GET  /                 the page; /page.css, /page.js
    GET  /picture/TOKEN    a JPEG; the token says neither what nor whose it is
    GET  /api/state        the pair that is next, or the own score
    POST /api/begin        {"again": bool}
    POST /api/look         {"pair": TOKEN}
    POST /api/answer       {"pair": TOKEN, "side": "left" | "right", "shown": [ms, ms], "thought": ms}

Who asks is known by a cookie with a random token. Nothing of a URL ever reaches the file system.
"""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import sys
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from photochrom.bench.turing.store import Study
from photochrom.bench.turing.trials import SIDES

LONGEST_BODY = 4096
LONGEST_MS = 86_400_000.0
COOKIE_SECONDS = 90 * 86_400
PAGE = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Refusal(Exception):
    """An answer other than 200, with one sentence for whoever wrote the request."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves one study; `port` 0 takes any free one (see `url`).

    Raises
    ------
    OSError
        If it cannot listen there.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, study: Study, host: str, port: int) -> None:
        self.study = study
        self.files = {
            path: (files("photochrom.bench.turing").joinpath(name).read_bytes(), kind)
            for path, (name, kind) in PAGE.items()
        }
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes | bytearray) else str(host)
        return f"http://{f'[{name}]' if ':' in name else name}:{port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong in one line; a browser that went away is not worth one."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            print(f"photochrom: {self.study.path}: {error!r}", file=sys.stderr, flush=True)


class Handler(BaseHTTPRequestHandler):
    """One connection of one browser."""

    server: Server
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # what is no HTTP gets an answer with a status, too
    timeout = 30  # of a connection that says nothing
    wbufsize = 1 << 16  # head and body in one packet: in two, the second waits 40 ms for the first's receipt

    def do_GET(self) -> None:
        """Answer GET."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Answer POST."""
        self._answer(self._post)

    def _answer(self, action: Any) -> None:
        try:
            action()
        except Refusal as refusal:
            self._refuse(refusal.status, str(refusal))
        except sqlite3.Error as error:
            print(f"photochrom: {self.server.study.path}: {error}", file=sys.stderr, flush=True)
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "the study cannot be written")

    def _get(self) -> None:
        path = urlsplit(self.path).path
        if path in self.server.files:
            self._send(*self.server.files[path])
        elif path == "/api/state":
            self._send_json(self._state(self._participant()))
        elif path.startswith("/picture/"):
            jpeg = self.server.study.picture(path.removeprefix("/picture/"))
            if jpeg is None:
                raise Refusal(HTTPStatus.NOT_FOUND, "there is no such picture")
            self._send(jpeg, "image/jpeg")
        else:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is nothing here")

    def _post(self) -> None:
        actions = {"/api/begin": self._begin, "/api/look": self._look, "/api/answer": self._take_answer}
        action = actions.get(self.path)
        if action is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is nothing here")
        action(self._body())

    def _begin(self, body: dict[str, Any]) -> None:
        again = body.get("again", False)
        if not isinstance(again, bool):
            raise Refusal(HTTPStatus.BAD_REQUEST, '"again" must be true or false')
        participant = self.server.study.begin(self._participant(), again=again)
        self._send_json(self._state(participant), cookie=participant)

    def _look(self, body: dict[str, Any]) -> None:
        if not self.server.study.look(self._participant() or "", _token(body)):
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such pair")
        self._send_json({})

    def _take_answer(self, body: dict[str, Any]) -> None:
        side, shown = body.get("side"), body.get("shown")
        if side not in SIDES:
            raise Refusal(HTTPStatus.BAD_REQUEST, '"side" must be "left" or "right"')
        if not isinstance(shown, list) or len(shown) != 2:
            raise Refusal(HTTPStatus.BAD_REQUEST, '"shown" must be two times in milliseconds')
        first, second, thought = map(_duration, [*shown, body.get("thought")])
        participant = self._participant() or ""
        try:
            coloured = self.server.study.answer(participant, _token(body), side, (first, second), thought)
        except LookupError:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such pair") from None
        self._send_json({"coloured": coloured, **self._state(participant)})

    def _state(self, participant: str | None) -> dict[str, Any]:
        study = self.server.study
        sizes = study.plan
        known: dict[str, Any] = {
            "seconds": study.settings.seconds,
            "pause": study.settings.pause,
            "practice": sizes.practice,
            "pairs": sizes.tests + sizes.checks,
        }
        state = study.state(participant) if participant else None
        if state is None:
            return {**known, "stage": "new"}
        if state.pair is None:
            return {**known, "stage": "done", "fooled": state.fooled, "answered": state.answered}
        pair = asdict(state.pair) | {side: f"/picture/{getattr(state.pair, side)}" for side in SIDES}
        return {**known, "stage": "pair", "pair": pair}

    def _cookie_name(self) -> str:
        # Browsers do not tell ports apart: two studies on one machine would take each other's participants.
        return f"participant-{self.server.study.id}"

    def _participant(self) -> str | None:
        found = re.search(
            rf"(?:^|;\s*){self._cookie_name()}=([\w-]{{1,64}})(?:;|$)", self.headers.get("Cookie", "")
        )
        return found[1] if found else None

    def _body(self) -> dict[str, Any]:
        origin = self.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.headers.get("Host"):
            raise Refusal(HTTPStatus.FORBIDDEN, "another site's page may not answer")
        if self.headers.get_content_type() != "application/json":
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,18}", length):
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "send a Content-Length")
        if int(length) > LONGEST_BODY:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {LONGEST_BODY} bytes")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise Refusal(HTTPStatus.BAD_REQUEST, "that is not JSON") from None
        if not isinstance(body, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "send a JSON object")
        return body

    def _send_json(
        self, value: dict[str, Any], status: HTTPStatus = HTTPStatus.OK, cookie: str | None = None
    ) -> None:
        self._send(json.dumps(value).encode("ascii"), "application/json", status, cookie)

    def _send(
        self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, cookie: str | None = None
    ) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if cookie is not None:
            terms = f"Path=/; HttpOnly; SameSite=Strict; Max-Age={COOKIE_SECONDS}"
            self.send_header("Set-Cookie", f"{self._cookie_name()}={cookie}; {terms}")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no HTTP, or a method that is not taken, as anything else that is refused."""
        status = HTTPStatus(code)
        self._refuse(status, (message or status.phrase).encode("ascii", "replace").decode())

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        # What is left of a refused body would be read as the next request, so this one is the last.
        self.close_connection = True
        self._send_json({"error": why}, status)
        self.wfile.flush()
        # A connection closed with bytes unread is reset, and the browser may lose the answer. Not more than a little
        # is read, and not for long.
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1)
        for _ in range(16):
            if not self.connection.recv(1 << 16):
                break

    def version_string(self) -> str:
        """What the Server header says; not which Python this is."""
        return "photochrom"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of requests: who took part, and when, is nobody's business."""


def _token(body: dict[str, Any]) -> str:
    pair = body.get("pair")
    # JSON can hold half of a surrogate pair, which SQLite cannot.
    if not isinstance(pair, str) or not pair.isascii():
        raise Refusal(HTTPStatus.BAD_REQUEST, '"pair" must be a token')
    return pair


def _duration(value: object) -> float:
    # Python's JSON takes NaN and true, too.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_MS:
        raise Refusal(HTTPStatus.BAD_REQUEST, "a time must be in milliseconds, and at most a day")
    return value

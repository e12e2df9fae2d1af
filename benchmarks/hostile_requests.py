"""Requests that no honest client makes, as bytes for the socket. `hostile.py` and the tests send them."""

import gzip
import json
import random
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hostile_files import bombs, damaged, disguises, picture

BOUNDARY = "0123456789abcdef"
GIGABYTE = 1 << 30
QUICK = {"size": b"64"}
"""For photos that may turn out to be good: what is tried is the server, not the network."""
REFUSED = (400, 404, 405, 409, 413, 415, 422)
ANY = (0, 200, 202, 204, 307, 401, 403, 408, 429, *REFUSED)


@dataclass(frozen=True, slots=True)
class Request:
    """What goes through the socket, and which statuses are right; 0 stands for a connection closed without one."""

    kind: str
    parts: tuple[bytes, ...]
    right: tuple[int, ...] = ANY
    pause: float = 0.0  # seconds between parts
    end: Literal["read", "half", "leave"] = "read"  # half: say that nothing more comes, and read


@dataclass(frozen=True, slots=True)
class Answer:
    """A status (0: none), the head and the body."""

    status: int
    head: bytes
    body: bytes


def send(address: tuple[str, int], request: Request, timeout: float = 60.0) -> Answer:
    """Send `request` on a connection of its own and read the answer, or until the server closes it."""
    got = bytearray()
    with socket.create_connection(address, timeout) as client:
        try:
            for number, part in enumerate(request.parts):
                if number:
                    time.sleep(request.pause)
                client.sendall(part)
            if request.end == "half":
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before its end; the answer may be there all the same
        try:
            while request.end != "leave" and not whole(got) and (part := client.recv(1 << 16)):
                got += part
        except ConnectionResetError:
            pass
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    status = head[9:12]
    return Answer(int(status) if head.startswith(b"HTTP/1.1 ") and status.isdigit() else 0, head, body)


def whole(answer: bytes | bytearray) -> bool:
    """Whether an answer that says its length has come to its end."""
    head, _, body = answer.partition(b"\r\n\r\n")
    _, length, rest = head.lower().partition(b"\r\ncontent-length: ")
    return bool(length) and len(body) >= int(rest.partition(b"\r\n")[0])


def http(
    method: str, path: str, body: bytes = b"", kind: str = "", *more: str, length: str | None = ""
) -> bytes:
    """One request; `length` is that of the body, other words, or None for no such line."""
    lines = [f"{method} {path} HTTP/1.1", "Host: studio", "Connection: close", *more]
    if kind:
        lines.append(f"Content-Type: {kind}")
    if length is not None and (body or length):
        lines.append(f"Content-Length: {length or len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def form(file: bytes, name: bytes = b'filename="photo.jpg"', fields: dict[str, bytes] | None = None) -> bytes:
    """The body of a form with one photo."""
    edge = b"--" + BOUNDARY.encode()
    parts = [
        edge + f'\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'.encode() + value + b"\r\n"
        for key, value in (fields or {}).items()
    ]
    head = b'\r\nContent-Disposition: form-data; name="file"; ' + name + b"\r\n\r\n"
    return b"".join(parts) + edge + head + file + b"\r\n" + edge + b"--\r\n"


def upload(
    file: bytes, name: bytes = b'filename="photo.jpg"', fields: dict[str, bytes] | None = None
) -> bytes:
    """A whole request to ``POST /api/colorize``."""
    body = form(file, name, fields)
    return http("POST", "/api/colorize", body, f"multipart/form-data; boundary={BOUNDARY}")


NAMES = [
    b"../../../../etc/passwd", b"..\\..\\windows\\win.ini", b"/etc/cron.d/x", b"C:\\x.jpg",
    b"\\\\host\\share\\x", b"~/x",
    b"", b".", b"..", b".htaccess", b"con.jpg", b"nul", b"x\0.jpg", b"a/b/c.jpg", b"-rf *", b"$(id).jpg",
    b"`id`",
    b"x\r\nSet-Cookie: a=b", b"x\nX-Bad: 1", b"a;b=c.jpg", b"x%00.jpg", b"%2e%2e%2fx", b"%s%n%x", b"{0}{x}",
    b"\xff\xfe",
    b"\xed\xa0\x80.jpg", b"a" * 5000, "фото.jpg".encode(), "写真.jpg".encode(), "\u202egpj.exe".encode(),
    "👵🏽.jpg".encode(), "e\u0301".encode() * 200, b"<img src=x onerror=alert(1)>.jpg", b"\x1b[2J",
    b"x" * 255 + b".jpg",
]  # fmt: skip


def files() -> Iterator[Request]:
    """Every hostile file, well packed."""
    for what, data, right in (*bombs(), *disguises()):
        yield Request(what, (upload(data, fields=QUICK),), right)


def names() -> Iterator[Request]:
    """A good photo under names that lead elsewhere."""
    for name in NAMES:
        quoted = b'filename="' + name.replace(b'"', b"") + b'"'
        good = len(name) < 4000 and not any(byte < 32 for byte in name)
        yield Request("name", (upload(picture(), quoted, QUICK),), (200,) if good else (200, 400, 422))
    for written in (
        b"filename*=UTF-8''%2e%2e%2f%00x",
        b"filename*=x''",
        b'filename="a"; filename="b"',
        b"filename=a b",
    ):
        yield Request("name", (upload(picture(), written, QUICK),), (200, 400, 422))


def wrong_types() -> Iterator[Request]:
    """Bodies that are not what they are said to be, and forms that no form is like."""
    whole, multipart = form(picture()), f"multipart/form-data; boundary={BOUNDARY}"
    for kind in (
        "", "image/jpeg", "application/json", "text/plain", "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=other", f"multipart/form-data; boundary={'x' * 4000}", "multipart/mixed",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=\xff", "/", ";" * 500,
    ):  # fmt: skip
        yield Request("content type", (http("POST", "/api/colorize", whole, kind),), REFUSED)
    packed = http("POST", "/api/colorize", gzip.compress(whole), multipart, "Content-Encoding: gzip")
    yield Request("encoded body", (packed,), REFUSED)
    edge = f"--{BOUNDARY}\r\n".encode()
    nameless = edge + b"\r\n\r\nx\r\n"
    for body in (
        b"", b"\r\n", whole[:-4], whole[2:], whole.replace(b"name=",
        b"nam="), nameless * 3000 + whole, edge * 9000,
        edge + b"Content-Disposition: form-data; " + b"x=y; " * 5000 + b"\r\n\r\n", edge + b"A: b\r\n" * 5000,
        edge + b'Content-Disposition: form-data; name="file"\r\n\r\ntext\r\n' + edge[:-2] + b"--",
        form(b"", fields={str(i): b"" for i in range(2000)}), form(picture(), fields={"hints": b"[" * 200_000}),
        b"".join(form(picture())[: -len(BOUNDARY) - 6] for _ in range(1200)),
    ):  # fmt: skip
        yield Request("broken form", (http("POST", "/api/colorize", body, multipart),), (0, *REFUSED))
    for method, path in (
        ("PATCH", "/api/colorize"),
        ("PUT", "/"),
        ("TRACE", "/"),
        ("CONNECT", "x:1"),
        ("X" * 500, "/"),
    ):
        yield Request("method", (http(method, path, whole, multipart),), REFUSED)


NUMBERS = [
    "",
    "nan",
    "-nan",
    "inf",
    "-inf",
    "1e999",
    "-1",
    "0",
    "1.5000001",
    "9" * 400,
    "0x10",
    "1,5",
    "١",
    "true",
]
NUMBERS += ["[]", "{}", "null", "1e-400", "--1", " 1 ", "1_0", "\x00", "💥"]
HINTS = [
    "", "[", "null", "0", '"x"', "{}", '{"hints": 1}', '[{"x": 1}]', "[" * 100_000, '{"a":' * 50_000, "[NaN]",
    "[1e999]",
    json.dumps([{"x": 0.5, "y": 0.5, "color": "#a06040"}] * 501), '[{"x": NaN, "y": 0, "color": "#a06040"}]',
    '[{"x": 1e999, "y": 0, "color": "#a06040"}]', '[{"x": %s, "y": 0, "color": "#a06040"}]' % ("9" * 400),
    '[{"x": true, "y": 0, "color": "#a06040"}]', '[{"x": 0, "y": 0, "color": "#a0604\\ud800"}]',
    '[{"x": 0, "y": 0, "color": "\\u0000"}]', '[{"x": 0, "y": 0, "color": "url(x)"}]', "9" * 5000, "\\ud800",
    '"\\ud800"',
    '[{"x": 0, "y": 0, "color": 5}]', '[{"x": 0, "x": 9, "y": 0, "color": "#a06040"}]', '[[["a"]]]', "\ufeff[]",
]  # fmt: skip


def options() -> Iterator[Request]:
    """A good photo with options that are out of range, or no options at all."""
    right = (200, *REFUSED)
    for key in (
        "strength",
        "size",
        "colorfulness",
        "warmth",
        "look",
        "candidates",
        "seed",
        "jpeg_quality",
        "quality",
        "format",
        "force",
    ):
        for value in NUMBERS:
            yield Request(f"option {key}", (upload(picture(), fields={key: value.encode()}),), right)
    for text in HINTS:
        hints = text.encode("utf-8", "surrogatepass")
        yield Request("option hints", (upload(picture(), fields={"hints": hints}),), right)
    for key in ("", "__proto__", "model", "token", "x" * 4000, "file\0", "strength[]"):
        yield Request("option unknown", (upload(picture(), fields={key: b"1"}),), right)
    for text in HINTS:
        body = f'{{"hints": {text}}}'.encode("utf-8", "surrogatepass")
        for path in ("/api/photos/PHOTO/view", "/api/photos/PHOTO/result", "/api/photos/PHOTO/palette"):
            yield Request("look", (http("POST", path, body, "application/json"),), right)
    for key in (
        "strength",
        "colorfulness",
        "warmth",
        "look",
        "side",
        "candidate",
        "candidates",
        "seed",
        "quality",
        "format",
        "x",
        "y",
    ):
        for value in ("NaN", "1e999", "-1", "17", "[]", "{}", '"x"', "null", "true", "9" * 400, '"\\ud800"'):
            body = f'{{"{key}": {value}}}'.encode()
            path = f"/api/photos/PHOTO/{'palette' if key in 'xy' else 'view'}"
            yield Request("look", (http("POST", path, body, "application/json"),), right)


def paths() -> Iterator[Request]:
    """Addresses that lead out of the house."""
    for path in (
        "/../../etc/passwd", "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/settings.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd", "/static/..\\app.py", "/static/%00", "/static/.", "/static/",
        "/static/__init__.py",
        "/api/jobs/%2e%2e", "/api/jobs/../../x/zip", "/api/photos/%00/result",
        "/api/photos/x/result?candidate=-1",
        "/api/photos/PHOTO/result?candidate=99", "/api/photos/PHOTO/result?candidate=" + "9" * 400,
        "/api/photos/%ff/before",
        "/api/photos/PHOTO/result?candidate=nan&candidate=0", "/api/jobs/x/events",
        "/api/jobs/" + "x" * 20_000, "//", "/%",
        "/" + "a/" * 3000, "/?" + "a=b&" * 4000, "/api/jobs/{id}", "/api/photos/;id", "/.git/config",
        "/docs/../x", "*",
        "http://elsewhere.example/", "/api/photos/%F0%9F%91%B5", "/metrics/../healthz",
        "/api/jobs/%0d%0aSet-Cookie:a=b",
    ):  # fmt: skip
        yield Request("path", (http("GET", path),))
        yield Request("path", (http("DELETE", path.replace("PHOTO", "x")),))


def protocol() -> Iterator[Request]:
    """What is no HTTP, or two requests for one who looks away."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    whole = form(picture())
    raw = [
        b"\0" * 2000, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
        b"G\xffT / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", b"\r\n" * 5000, b"A" * 200_000,
        http("GET", "/", b"", "", *[f"X-{i}: y" for i in range(3000)]), http("GET", "/", b"", "",
        "X: " + "y" * 100_000),
        http("GET", "/", b"", "", "X\t: y"), http("GET", "/", b"", "", "X: a\n b"), http("GET", "/", b"", "",
        "Cookie: \xff"),
        http("GET", "/", b"", "", "Range: bytes=9-1,-5,0-"), http("GET", "/", b"", "",
        "Authorization: Bearer \xff\xfe"),
        http("GET", "/", b"", "", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"),
        http("POST", "/api/colorize", whole, kind, length="-5"), http("POST",
        "/api/colorize", whole, kind, length="1e3"),
        http("POST", "/api/colorize", whole, kind, "Content-Length: 5"), http("POST",
        "/api/colorize", whole, kind, length="+5"),
        http("POST", "/api/colorize", whole, kind, "Transfer-Encoding: chunked"),
        http("POST", "/api/colorize",
        b"FFFFFFFFFFFFFFFFF\r\n", kind, "Transfer-Encoding: chunked", length=None),
        http("POST", "/api/colorize", b"-1\r\n\r\n", kind, "Transfer-Encoding: chunked", length=None),
        http("POST", "/api/colorize", b"5\r\nabcdefgh\r\n", kind, "Transfer-Encoding: chunked", length=None),
        http("POST", "/api/colorize", whole, kind, "Transfer-Encoding: xchunked", length=None),
        http("POST", "/api/colorize",
        b"0\r\n" + b"X: y\r\n" * 9000, kind, "Transfer-Encoding: chunked", length=None),
        http("POST", "/api/jobs", b"", kind), http("POST",
        "/api/jobs", whole, kind, "Origin: https://elsewhere.example"),
    ]  # fmt: skip
    for data in raw:
        yield Request("protocol", (data,), end="half")
    for size in (5 * GIGABYTE, 10**18, 10**40):
        for more in ((), ("Expect: 100-continue",)):
            head = http("POST", "/api/colorize", b"", kind, *more, length=str(size))
            # Longer numbers than twenty digits are no HTTP to the server.
            right = (413,) if size < 10**20 else (400,)
            yield Request("5 GB announced", (head,), right)
            yield Request("5 GB announced, begun", (head, whole, bytes(1 << 20)), right)
    endless = http("POST", "/api/nothing", b"", kind, "Transfer-Encoding: chunked", length=None)
    yield Request("body for nobody", (endless, *[b"10000\r\n" + bytes(65536) + b"\r\n"] * 64), (404, 405))


def cut_short(rng: random.Random) -> Request:
    """A request that ends anywhere, and a client that leaves or waits."""
    data = upload(picture(rng.choice(["JPEG", "PNG", "TIFF"])))
    end: Literal["half", "leave"] = rng.choice(["half", "leave"])
    return Request("truncated body", (data[: rng.randrange(1, len(data))],), end=end)


def slow(part: Literal["head", "body"]) -> Request:
    """A request of which one part comes in small pieces with long pauses."""
    data = upload(picture())
    start = 10 if part == "head" else data.index(b"\r\n\r\n") + 30
    pieces = [data[i : i + 1] for i in range(start, start + 40)]
    return Request("slow client", (data[:start], *pieces), (0,) if part == "head" else (408,), pause=0.25)


def mangled(rng: random.Random) -> Request:
    """A whole request with some bytes changed."""
    data = bytearray(upload(picture(), fields={"strength": b"1", "hints": b"[]"}))
    for _ in range(rng.choice([1, 2, 5])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return Request("mangled request", (bytes(data),), end="half")


def every_kind() -> list[Request]:
    """The whole list of our own, once."""
    return [request for kind in (files, names, wrong_types, options, paths, protocol) for request in kind()]


def at_random(rng: random.Random) -> Request:
    """One more request, the like of which was not sent before."""
    if rng.random() < 0.5:
        return Request("damaged photo", (upload(damaged(rng), fields=QUICK),), (200, *REFUSED))
    return rng.choice([mangled, cut_short])(rng)


def about(request: Request, photo: str) -> Request:
    """`request`, its PHOTO replaced by one that the server knows."""
    parts = tuple(part.replace(b"/PHOTO/", f"/{photo}/".encode()) for part in request.parts)
    return Request(request.kind, parts, request.right, request.pause, request.end)

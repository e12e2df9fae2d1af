"""The server, by real HTTP: what it gives away (nothing), and what it does with hostile requests."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from photochrom.bench.turing.app import LONGEST_BODY
from photochrom.bench.turing.store import Study
from photochrom.bench.turing.trials import Settings

JSON = {"Content_Type": "application/json"}


@pytest.fixture
def server(begin_study: Callable[..., Study], serve: Callable[[Study], Any]) -> Any:
    return serve(begin_study(Settings(trials=12, practice=3)))


def test_each_token_shows_what_the_study_meant(server: Any, participate: Any, tell: Any) -> None:
    person = participate(server)
    state = person.post("/api/begin")
    kinds, seen = [], set()
    while state["stage"] == "pair":
        pair, secret = state["pair"], person.secret(state["pair"])
        shown = {}
        for side in ("left", "right"):
            response, jpeg = person.send("GET", pair[side])
            assert (response.status, response.getheader("Content-Type")) == (200, "image/jpeg")
            shown[side] = tell(jpeg)
        other = {"left": "right", "right": "left"}[secret["coloured"]]
        assert shown == {secret["coloured"]: secret["model_name"] or "wrong", other: "true"}
        kinds.append(secret["kind"])
        seen.add(shown[secret["coloured"]])
        state = person.answer(pair, fooled=False)
    assert (kinds[:3], sorted(kinds[3:])) == (["practice"] * 3, ["check"] * 2 + ["test"] * 12)
    assert seen == {"alpha", "beta", "wrong"}
    assert (state["fooled"], state["answered"]) == (0, 12)


def test_nothing_tells_which_is_which(server: Any, participate: Any) -> None:
    person = participate(server)
    texts = [person.send("GET", path)[1].decode() for path in ("/", "/page.css", "/page.js")]
    state = person.post("/api/begin")
    headers = set()
    while state["stage"] == "pair":
        pair = state["pair"]
        assert set(pair) == {"token", "left", "right", "first", "practice", "number", "of"}
        assert len({pair["token"], pair["left"], pair["right"]}) == 3
        for side in ("left", "right"):
            assert pair[side].startswith("/picture/")
            headers.add(str(sorted(set(person.send("GET", pair[side])[0].headers) - {"Date"})))
        assert "coloured" not in state or person.secret(pair)["number"] > 0
        state = person.answer(pair, fooled=True)
        if not pair["practice"]:
            assert state["coloured"] is None
            texts.append(json.dumps(state))
    assert len(headers) == 1
    for text in texts:
        assert not any(word in text for word in ("truth", "alpha", "beta", "p00", "check", "wrong"))


def test_two_at_once_and_answers_twice(server: Any, participate: Any) -> None:
    """Four people on four threads, each of whom sends every answer twice, the second time the other side."""
    people = [participate(server) for _ in range(4)]
    scores = []

    def go(person: Any) -> None:
        state = person.post("/api/begin")
        while state["stage"] == "pair":
            pair = state["pair"]
            state = person.answer(pair, fooled=False)
            assert person.answer(pair, fooled=True) == state
        scores.append((state["fooled"], state["answered"]))

    threads = [threading.Thread(target=go, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scores == [(0, 12)] * 4
    assert str(server.study.counts()) == "4 participants, 4 finished, 68 answers"


def test_a_restart_goes_on_where_it_stopped(begin_study: Any, serve: Any, participate: Any) -> None:
    first = serve(begin_study(Settings(trials=12, practice=3)))
    person = participate(first)
    left_at = person.take_part(lambda trial: False, pairs=7)
    first.study.close()
    opened = Study(first.study.path)
    back = participate(serve(opened))
    back.cookie = person.cookie
    state = back.get("/api/state")
    assert state["pair"] == left_at["pair"]
    assert state["pair"]["number"] == 5  # 3 practice pairs and 4 others are done
    assert back.post("/api/begin") == state
    opened.close()


def test_headers_keep_the_page_to_itself(server: Any, participate: Any) -> None:
    person = participate(server)
    for path in ("/", "/page.js", "/api/state", "/nothing"):
        response, _ = person.send("GET", path)
        assert "default-src 'none'" in response.getheader("Content-Security-Policy", "")
        assert response.getheader("X-Content-Type-Options") == "nosniff"
        assert response.getheader("Cache-Control") == "no-store"
        assert response.getheader("Server") is None
    response, _ = person.send("POST", "/api/begin", b"{}", **JSON)
    cookie = response.getheader("Set-Cookie", "")
    assert cookie.startswith(f"participant-{server.study.id}=")
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe\x00", 400),
        (b"[1]", 400),
        (b"null", 400),
        (b"[" * 4000, 400),
        (b'{"side": "left", "shown": [1, 1], "thought": 1}', 400),
        (b'{"pair": ["a"], "side": "left", "shown": [1, 1], "thought": 1}', 400),
        (b'{"pair": "unknown", "side": "left", "shown": [1, 1], "thought": 1}', 404),
        (b'{"pair": "PAIR", "side": "above", "shown": [1, 1], "thought": 1}', 400),
        (b'{"pair": "PAIR", "side": ["left"], "shown": [1, 1], "thought": 1}', 400),
        (b'{"pair": "PAIR", "side": "left", "shown": [1], "thought": 1}', 400),
        (b'{"pair": "PAIR", "side": "left", "shown": [NaN, 1], "thought": 1}', 400),
        (b'{"pair": "PAIR", "side": "left", "shown": [1e999, 1], "thought": 1}', 400),
        (b'{"pair": "PAIR", "side": "left", "shown": [-1, 1], "thought": 1}', 400),
        (b'{"pair": "PAIR", "side": "left", "shown": [true, 1], "thought": 1}', 400),
        (b'{"pair": "PAIR", "side": "left", "shown": [1, 1]}', 400),
        (b'{"pair": "\' OR 1=1 --", "side": "left", "shown": [1, 1], "thought": 1}', 404),
        (b'{"pair": "\\ud800", "side": "left", "shown": [1, 1], "thought": 1}', 400),
    ],
)
def test_bad_answers_are_refused(server: Any, participate: Any, body: bytes, status: int) -> None:
    person = participate(server)
    pair = person.post("/api/begin")["pair"]
    response, said = person.send("POST", "/api/answer", body.replace(b"PAIR", pair["token"].encode()), **JSON)
    assert response.status == status
    assert set(json.loads(said)) == {"detail"}
    assert person.get("/api/state")["pair"] == pair
    assert server.study.counts().answers == 0


def test_somebody_elses_pair_is_unknown(server: Any, participate: Any) -> None:
    mine, theirs = participate(server), participate(server)
    pair = mine.post("/api/begin")["pair"]
    theirs.post("/api/begin")
    for cookie in (theirs.cookie, "", f"participant-{server.study.id}=' OR 1=1 --", "participant-00000000=x"):
        theirs.cookie = cookie
        for path, more in (("look", {}), ("answer", {"side": "left", "shown": [1, 1], "thought": 1})):
            body = json.dumps({"pair": pair["token"], **more}).encode()
            response, _ = theirs.send("POST", f"/api/{path}", body, **JSON)
            assert response.status == 404
    assert server.study.counts().answers == 0


@pytest.mark.parametrize(
    "path",
    [
        "/picture/../../../../etc/passwd",
        "/picture/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/../store.py",
        "/page.html",
        "/picture/",
        "/picture/%00",
        "//etc/passwd",
        "/study.sqlite",
        "/api",
    ],
)
def test_no_path_reaches_a_file(server: Any, participate: Any, path: str) -> None:
    response, said = participate(server).send("GET", path)
    assert (response.status, set(json.loads(said))) == (404, {"detail"})


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content_Type": "application/json"}, b" " * (LONGEST_BODY + 1), 413),
        ({"Content_Type": "application/json", "Content_Length": "-5"}, b"{}", 400),
        ({"Content_Type": "application/json", "Content_Length": "9" * 15}, b"", 413),
        ({"Content_Type": "text/plain"}, b"{}", 415),
        ({"Content_Type": "application/json", "Origin": "http://elsewhere.example"}, b"{}", 403),
        ({"Content_Type": "application/json", "Origin": "null"}, b"{}", 403),
    ],
)
def test_bodies_that_are_not_read(
    server: Any, participate: Any, headers: dict[str, str], body: bytes, status: int
) -> None:
    person = participate(server)
    response, _ = person.send("POST", "/api/begin", body, **headers)
    assert (response.status, response.getheader("Set-Cookie")) == (status, None)
    assert person.get("/api/state")["stage"] == "new"
    assert server.study.counts().participants == 0


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
        (b"GET /api/begin HTTP/1.1\r\nHost: a\r\n\r\n", b"405"),
        (b"\x16\x03\x01\x02\x00 nonsense\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"404"),
        (b"GET /" + b"a" * 1_000_000, b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_request(
    server: Any, participate: Any, capsys: pytest.CaptureFixture[str], raw: bytes, status: bytes
) -> None:
    with socket.create_connection(server.address, timeout=20) as connection:
        connection.sendall(raw)
        assert connection.recv(1000).split()[1] == status
    assert participate(server).get("/api/state")["stage"] == "new"
    assert capsys.readouterr().err == ""


def test_who_hangs_up_is_not_worth_a_line(
    server: Any, participate: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        connection = socket.create_connection(server.address, timeout=20)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall(
            b"POST /api/begin HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        )
        connection.close()
    assert participate(server).get("/api/state")["stage"] == "new"
    assert capsys.readouterr().err == ""


def test_a_study_that_cannot_be_written_says_so(
    server: Any, participate: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.study.close()
    response, said = participate(server).send("POST", "/api/begin", b"{}", **JSON)
    assert (response.status, json.loads(said)) == (503, {"detail": "the study cannot be written"})
    assert "study.sqlite" in capsys.readouterr().err

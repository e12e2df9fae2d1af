"""A stand-in for Telegram's Bot API, over real HTTP, and a bot that talks to it."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
from aiohttp import web
from numpy.typing import NDArray
from PIL import Image

from photochrom.bot.api import FloodControl, connect
from photochrom.bot.service import Service
from photochrom.engine.colorizer import Colorizer

TOKEN = "4242:thisIsTheSecretPartOfTheToken_xyz-9"
PATIENCE = 90
BUTTONS = "sendMessage with buttons"


@dataclass
class Call:
    """One request of the bot: its method, its fields with JSON read, and the files that came with it."""

    method: str
    fields: dict[str, Any]
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)

    @property
    def chat(self) -> int:
        return int(self.fields["chat_id"])

    @property
    def answers(self) -> int | None:
        """The message that this is an answer to."""
        reply = self.fields.get("reply_parameters")
        return None if reply is None else int(reply["message_id"])

    @property
    def text(self) -> str:
        return str(self.fields["text"])

    @property
    def buttons(self) -> dict[str, str]:
        """What the buttons say, by their labels."""
        rows = self.fields["reply_markup"]["inline_keyboard"]
        assert all(len(button["callback_data"].encode()) <= 64 for row in rows for button in row)
        return {button["text"]: button["callback_data"] for row in rows for button in row}

    @property
    def picture(self) -> bytes:
        return self.files[self.fields["photo"].removeprefix("attach://")][1]

    @property
    def document(self) -> tuple[str, bytes]:
        return self.files[self.fields["document"].removeprefix("attach://")]

    @property
    def album(self) -> list[str | bytes]:
        """The pictures of an album: bytes, or Telegram's id of one that it has."""
        found: list[str | bytes] = []
        for media in self.fields["media"]:
            assert media["type"] == "photo"
            source = media["media"]
            attached = source.startswith("attach://")
            found.append(self.files[source.removeprefix("attach://")][1] if attached else source)
        return found

    @property
    def captions(self) -> list[str | None]:
        return [media.get("caption") for media in self.fields["media"]]


class Telegram:
    """The server: keeps what the bot sends, hands out what people send."""

    def __init__(self) -> None:
        self.token = TOKEN
        self.errors: list[Exception] = []
        self.calls: list[Call] = []
        self.fetched: list[str] = []
        self.updates: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.trouble: list[tuple[str, int | None, int, dict[str, Any]]] = []
        self.offset = 0
        self.hand_out = threading.Event()
        self.hand_out.set()
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        self.hand_out.set()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application(client_max_size=1 << 30)
        app.router.add_post("/bot{token}/{method}", self._answer_or_note)
        app.router.add_get("/file/bot{token}/{path:.*}", self._file)
        runner = web.AppRunner(app, shutdown_timeout=0)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    # What people do

    def send(
        self, chat: int = 1, *, kind: str = "private", language: str | None = None, **content: Any
    ) -> int:
        """Someone whose Telegram speaks `language` writes to the bot; the number of the message."""
        with self._changed:
            number = len(self.updates) + 1
            chats: dict[str, Any] = {"id": chat, "type": kind}
            chats |= {"title": "Family"} if kind != "private" else {"first_name": "Ida"}
            message = {
                "message_id": number,
                "date": 1_700_000_000,
                "chat": chats,
                "from": {"id": 7, "is_bot": False, "first_name": "Ida"},
                **content,
            }
            message["from"] |= {} if language is None else {"language_code": language}
            text = content.get("text", content.get("caption"))
            if text is not None and text.startswith("/"):
                key = "entities" if "text" in content else "caption_entities"
                message[key] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
            self.updates.append({"update_id": number, "message": message})
        return number

    def tap(self, call: Call, label: str, *, chat: int | None = None, language: str | None = None) -> None:
        """Someone taps the button `label` of a message that the bot sent."""
        data = call.buttons[label]
        with self._changed:
            number = len(self.updates) + 1
            sent = {"photo": self.photo_sizes(b"")} if call.method == "sendPhoto" else {"text": "?"}
            query = {
                "id": str(number),
                "from": {"id": 7, "is_bot": False, "first_name": "Ida"},
                "chat_instance": "x",
                "data": data,
                "message": {
                    "message_id": 9000,
                    "date": 1_700_000_000,
                    "chat": {"id": call.chat if chat is None else chat, "type": "private"},
                    **sent,
                },
            }
            if language is not None:
                query["from"]["language_code"] = language
            self.updates.append({"update_id": number, "callback_query": query})

    def photo(self, data: bytes, chat: int = 1, **content: Any) -> int:
        return self.send(chat, photo=self.photo_sizes(data), **content)

    def document(
        self,
        data: bytes,
        name: str = "a.jpg",
        mime: str | None = "image/jpeg",
        chat: int = 1,
        **content: Any,
    ) -> int:
        return self.send(chat, document=self.file(data, file_name=name, mime_type=mime), **content)

    def photo_sizes(self, data: bytes) -> list[dict[str, Any]]:
        small = self.file(b"not the largest", width=9, height=6)
        return [small, self.file(data, width=90, height=60)]

    def file(self, data: bytes, **facts: Any) -> dict[str, Any]:
        """Give Telegram a file to hold; what messages say of it."""
        identity = f"file{len(self.files)}"
        self.files[identity] = data
        given = {key: value for key, value in facts.items() if value is not None}
        return {"file_id": identity, "file_unique_id": identity, "file_size": len(data), **given}

    def fail(
        self, method: str, code: int, description: str, chat: int | None = None, **parameters: Any
    ) -> None:
        """The next call of `method` (to `chat`) comes to nothing."""
        body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
        if parameters:
            body["parameters"] = parameters
        self.trouble.append((method, chat, code, body))

    # What tests see

    def of(self, method: str, chat: int | None = None) -> list[Call]:
        """The calls of `method` that were answered well."""
        with self._changed:
            return [
                call for call in self.calls if call.method == method and (chat is None or call.chat == chat)
            ]

    def wait(self, method: str, count: int = 1, chat: int | None = None) -> list[Call]:
        """The first `count` calls of `method`, once they have come."""
        self.until(lambda: len(self.of(method, chat)) >= count, f"{count} of {method}")
        return self.of(method, chat)

    def offered(self, count: int = 1, chat: int | None = None) -> list[Call]:
        """The first `count` messages with buttons, once they have come."""
        return self.wait(BUTTONS, count, chat)

    def until(self, true: Callable[[], bool], what: str = "it") -> None:
        """Wait until `true`; what a test waits for and does not come is a failure."""
        end = time.monotonic() + PATIENCE
        while not true():
            if self.errors:
                raise self.errors[0]
            assert time.monotonic() < end, f"{what} did not happen; calls: {self.calls}"
            time.sleep(0.01)

    # What the bot asks

    async def _answer_or_note(self, request: web.Request) -> web.Response:
        try:
            return await self._answer(request)
        except Exception as error:
            self.errors.append(error)
            raise

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return _refuse(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        call = await _read(request, method)
        for index, (name, chat, code, body) in enumerate(self.trouble):
            if name == method and (chat is None or chat == call.chat):
                del self.trouble[index]
                return _refuse(code, body)
        if method == "getUpdates":
            return web.json_response({"ok": True, "result": await self._news(call, request)})
        if method == "getFile":
            data = self.files[call.fields["file_id"]]
            if len(data) > 20 << 20:
                return _bad("Bad Request: file is too big")
            identity = call.fields["file_id"]
            result: Any = {"file_id": identity, "file_unique_id": identity, "file_path": f"photos/{identity}"}
        elif method == "getMe":
            result = {"id": 4242, "is_bot": True, "first_name": "Colours", "username": "colours_bot"}
        elif method in ("setMyCommands", "sendChatAction", "answerCallbackQuery"):
            result = True
        else:
            problem = _problem(call)
            if problem:
                return _bad(problem)
            result = {"message_id": 9000, "date": 1, "chat": {"id": call.chat, "type": "private"}}
            if method == "sendMediaGroup":
                # Telegram keeps each picture, and tells its name.
                result = [{**result, "photo": self.photo_sizes(self._kept(each))} for each in call.album]
        if method == "sendMessage" and "reply_markup" in call.fields:
            call.method = BUTTONS  # every result has such a message; tests of other answers do not count it
        with self._changed:
            self.calls.append(call)
        return web.json_response({"ok": True, "result": result})

    def _kept(self, picture: str | bytes) -> bytes:
        return self.files[picture] if isinstance(picture, str) else picture

    async def _news(self, call: Call, request: web.Request) -> list[dict[str, Any]]:
        assert call.fields["allowed_updates"] == ["message", "callback_query"]
        self.offset = max(self.offset, int(call.fields.get("offset", 0)))
        end = time.monotonic() + int(call.fields.get("timeout", 0))
        while True:
            with self._changed:
                found = [each for each in self.updates if each["update_id"] >= self.offset]
            # Nobody is there any more to give them to, once the connection is closed.
            if found or time.monotonic() >= end or request.transport is None:
                return found[: int(call.fields["limit"])]
            await asyncio.sleep(0.01)

    async def _file(self, request: web.Request) -> web.Response:
        identity = request.match_info["path"].rpartition("/")[2]
        for index, (name, _, code, _body) in enumerate(self.trouble):
            if name == "file":
                del self.trouble[index]
                return web.Response(status=code)
        if request.match_info["token"] != TOKEN or identity not in self.files:
            return web.Response(status=404)
        self.fetched.append(identity)
        while not self.hand_out.is_set():
            await asyncio.sleep(0.01)
        return web.Response(body=self.files[identity])


async def _read(request: web.Request, method: str) -> Call:
    """The fields of a form, however it was sent. The mail library reads multipart as well as mail."""
    call = Call(method, {})
    body = await request.read()
    kind = request.headers.get("Content-Type", "")
    if kind.startswith("multipart/form-data"):
        message = email.message_from_bytes(
            f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP
        )
        for part in message.iter_parts():
            key = part.get_param("name", header="Content-Disposition")
            name, data = part.get_filename(), part.get_payload(decode=True)
            if name is not None:
                call.files[key] = name, data
            else:
                call.fields[key] = data.decode()
    else:
        call.fields = dict(parse_qsl(body.decode()))
    for key in {"media", "reply_parameters", "allowed_updates", "commands", "reply_markup"} & set(
        call.fields
    ):
        call.fields[key] = json.loads(call.fields[key])
    return call


def _problem(call: Call) -> str | None:
    """What the real server would not take."""
    if call.method == "sendMessage":
        return None if 1 <= len(call.text) <= 4096 else "Bad Request: message is too long"
    if call.method.startswith("editMessage"):
        return None if len(call.fields.get("caption", "")) <= 1024 else "Bad Request: message is too long"
    if call.method == "sendPhoto":
        return _picture_problem(call.picture)
    if call.method == "sendDocument":
        return None if len(call.document[1]) <= 50 << 20 else "Request Entity Too Large"
    assert call.method == "sendMediaGroup", call.method
    if not 2 <= len(call.fields["media"]) <= 10:
        return "Bad Request: wrong number of items"
    for picture in call.album:
        problem = _picture_problem(picture) if isinstance(picture, bytes) else None
        if problem:
            return problem
    return None


def _picture_problem(picture: bytes) -> str | None:
    with Image.open(io.BytesIO(picture)) as image:
        image.load()
        oblong = sum(image.size) > 10_000 or max(image.size) > 20 * min(image.size)
    return "Bad Request: PHOTO_INVALID_DIMENSIONS" if oblong else None


def _refuse(code: int, body: dict[str, Any]) -> web.Response:
    return web.json_response(body, status=code)


def _bad(description: str) -> web.Response:
    return _refuse(400, {"ok": False, "error_code": 400, "description": description})


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    server = Telegram()
    yield server
    server.close()


@pytest.fixture(scope="session")
def colorizer() -> Colorizer:
    return Colorizer(threads=1)


class Running:
    """A bot in a thread of its own."""

    def __init__(self, server: Telegram, colorizer: Any, flood: FloodControl | None, **settings: Any) -> None:
        self.said: list[str] = []
        self.error: BaseException | None = None
        self._ready = threading.Event()
        self._made = (server.url, colorizer, flood, settings)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait()

    def _run(self) -> None:
        async def serve() -> None:
            url, colorizer, flood, settings = self._made
            self._loop = asyncio.get_running_loop()
            settings = {"say": self.said.append, "poll_seconds": 5, **settings}
            self.service = Service(connect(TOKEN, url, flood=flood), colorizer, **settings)
            self._ready.set()
            await self.service.run()

        try:
            asyncio.run(serve())
        except Exception as error:
            self.error = error

    def ask_to_stop(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.service.stop)

    def wait(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@pytest.fixture
def start(telegram: Telegram, colorizer: Colorizer) -> Callable[..., Any]:
    """Runs a bot for as long as the ``with`` lasts; what it raises is raised there."""

    @contextmanager
    def run(
        *, colorizer: Any = colorizer, flood: FloodControl | None = None, **settings: Any
    ) -> Iterator[Running]:
        running = Running(telegram, colorizer, flood, **settings)
        try:
            yield running
        finally:
            running.ask_to_stop()
            running.wait()
        if running.error is not None:
            raise running.error

    return run


class Pictures:
    """Small photographs, and what becomes of them."""

    @staticmethod
    def grey(width: int = 90, height: int = 60, *, sixteen: bool = False) -> NDArray[Any]:
        """A soft pattern (H, W); uint8, or uint16 with levels that 8 bits do not have."""
        y, x = np.mgrid[:height, :width]
        pattern = 0.5 + 0.23 * np.sin(x / 9) + 0.23 * np.cos(y / 7 + x / 31)
        return np.rint(pattern * (65535 if sixteen else 255)).astype(np.uint16 if sixteen else np.uint8)

    @classmethod
    def coloured(cls) -> NDArray[Any]:
        """Three patterns that have nothing to do with each other: (H, W, 3) uint8 in plain colour."""
        each = cls.grey()
        return np.stack([each, each[::-1], 255 - each[:, ::-1]], axis=-1)

    @classmethod
    def jpeg(cls, pixels: NDArray[Any] | None = None, **options: Any) -> bytes:
        """A grey JPEG, or one of `pixels`."""
        out = io.BytesIO()
        Image.fromarray(cls.grey() if pixels is None else pixels).save(out, "JPEG", quality=92, **options)
        return out.getvalue()

    @staticmethod
    def opened(data: str | bytes) -> Image.Image:
        assert isinstance(data, bytes)
        image = Image.open(io.BytesIO(data))
        image.load()
        return image


@pytest.fixture(scope="session")
def pictures() -> type[Pictures]:
    return Pictures


class Waiting:
    """Flood control whose waits end when the test says so; the clock moves on by what was waited."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.control = FloodControl(self._sleep, lambda: self._now)
        self._now = 0.0
        self._go = threading.Event()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        while not self._go.is_set():
            await asyncio.sleep(0.01)
        self._now += seconds

    def let_go(self) -> None:
        self._go.set()


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    made = Waiting()
    yield made
    made.let_go()

"""Errors that no handler expected."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.web.answers import report_error, send_error

__all__ = ["UnexpectedErrors"]


class UnexpectedErrors:
    """Answers 500 where the application raised an error, and reports the error's type and place on stderr.

    Neither the answer nor the report holds the error's message: it may name a photo.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception as error:
            report_error(error)
            if started:
                # Half an answer is sent already, so the server can only cut the connection. It logs the error
                # that it gets, so it gets one without the message.
                raise ConnectionAbortedError("an answer could not be finished") from None
            await send_error(send, 500, "something went wrong here; the server has reported where")

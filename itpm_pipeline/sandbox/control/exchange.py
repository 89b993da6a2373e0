"""One request under way, and the ways in which a fault may answer it."""

import asyncio
import os
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any, cast

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from itpm_pipeline.sandbox.clock import Clock

_OPERATION = re.compile(r"\s*(?:query|mutation|subscription)\s+(\w+)")
_CLOSE_WITH_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of 0: closing sends RST instead of an orderly end."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived; ``query`` is the query string."""

    method: str
    path: str
    query: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, with the quotes within JSON strings as they are meant: ``project = "PAY"``."""
        return self.body.decode(errors="replace").replace('\\"', '"')

    def posted(self) -> dict[str, Any]:
        """The JSON object posted; empty when there is none."""
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def operation(self) -> str:
        """Name of the GraphQL operation; empty for everything else."""
        posted = self.posted() if self.path.endswith("/graphql") else {}
        named = _OPERATION.match(str(posted.get("query", "")))
        return str(posted.get("operationName") or (named[1] if named else ""))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server would have answered."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """``mutate`` applies mutations (see ``sandbox.mutations``) to the company of the server."""

    asked: Asked
    tracker: str
    clock: Clock
    mutate: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
    _app: ASGIApp
    _scope: Scope
    _receive: Receive
    _send: Send

    async def pass_on(self) -> None:
        """Answer as if there were no fault."""
        await self._app(self._scope, _replaying(self.asked.body, self._receive), self._send)

    async def right_answer(self) -> Answer:
        """What the server would have answered."""
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(self._scope, _replaying(self.asked.body, self._receive), keep)
        return Answer(start["status"], list(start["headers"]), b"".join(parts))

    async def send(self, answer: Answer, *, pieces: int = 1, pause: float = 0.0) -> None:
        """Send an answer whose Content-Length is that of its body; ``pause`` seconds before each further piece."""
        await self._begin(answer, len(answer.body))
        size = max(1, -(-len(answer.body) // pieces))
        for start in range(0, len(answer.body), size):
            if start:
                await asyncio.sleep(pause)
            await self._send(
                {"type": "http.response.body", "body": answer.body[start : start + size], "more_body": True}
            )
        await self._send({"type": "http.response.body", "body": b""})

    async def refuse(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Send a JSON answer of our own, with the headers that every answer of this tracker has."""
        every: dict[str, str] = {"content-type": "application/json;charset=UTF-8"}
        if self.tracker == "github":
            date = format_datetime(self.clock.now().replace(microsecond=0), usegmt=True)
            every = {"content-type": "application/json; charset=utf-8", "date": date, "x-github-request-id": "SAND:F"}
        named = every | dict(headers or {})
        encoded = [(name.lower().encode(), value.encode()) for name, value in named.items()]
        await self.send(Answer(status, encoded, orjson.dumps(body)))

    async def reset(self, answer: Answer, after_bytes: int) -> None:
        """Send the beginning of an answer, then reset the connection."""
        await self._begin(answer, len(answer.body))
        part = answer.body[: min(after_bytes, max(0, len(answer.body) - 1))]
        await self._send({"type": "http.response.body", "body": part, "more_body": True})
        # ASGI has no word for it: uvicorn's ``send`` is a method of what holds the connection.
        transport = cast("asyncio.Transport", cast("Any", self._send).__self__.transport)
        with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as twin:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_WITH_RESET)
        transport.abort()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _begin(self, answer: Answer, length: int) -> None:
        headers = [(name, value) for name, value in answer.headers if name.lower() != b"content-length"]
        headers.append((b"content-length", str(length).encode()))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replaying(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """``receive`` for an application, after the body was read already."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again

"""jira820, a Jira Data Center server written by others, on loopback, with its known deviations made good.

It is an independent reading of what Jira Data Center 8.20 does: mistakes that our sandbox and our client share, it does
not make. Where it deviates from the real server in what we need, :class:`Straightened` stands in between; the test
module holds each deviation against the bare server, so that none outlives its cause.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

from jira820.config import Config
from jira820.serialize import iid
from jira820.server import make_app
from jira820.store import Store
from starlette.applications import Starlette

from itpm_pipeline.sandbox.serve import serve_app

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TODAY = date(2026, 11, 16)
_SINCE = re.compile(r"updated >= (\d{11,})")
_ISSUE = re.compile(r"(/rest/api/2/issue/)(\d+)(.*)")


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    value: Any


class Straightened:
    """The server as Jira Data Center would be in these points; everything else passes through.

    ``app.store`` is jira820's own: its state, to hold results against.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.bare: Starlette = make_app(store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: lifespan and requests."""
        if scope["type"] != "http":
            await self.bare(scope, receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        method, path = scope["method"], scope["path"]
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
        answer = await self._answer(method, path, query, body)
        content = b"" if answer.value is None else json.dumps(answer.value).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        if (method, path) == ("POST", "/rest/api/2/search"):
            return await self._search(json.loads(body))
        if path == "/rest/api/2/mypermissions":
            return Answer(200, {"permissions": {"BROWSE_PROJECTS": {"havePermission": True}}})
        answer = await self.ask(method, self._by_key(path), query, body)
        if path == "/rest/api/2/serverInfo":
            answer.value["serverTime"] = f"{self.store.now.isoformat()}T09:00:00.000+0000"
        if path == "/rest/api/2/project":
            for project in answer.value:
                project["id"] = self.store.serializer.project_ref(project["key"])["id"]
        return answer

    def _by_key(self, path: str) -> str:
        """Issues are found by their ids as well."""
        found = _ISSUE.fullmatch(path)
        keys = {iid(key): key for key in self.store.issues} if found else {}
        return f"{found[1]}{keys.get(found[2], found[2])}{found[3]}" if found else path

    async def _search(self, body: dict[str, Any]) -> Answer:
        """By POST; instants in milliseconds; with histories and work logs, if asked for, whose ids are unique."""
        jql = _SINCE.sub(_by_day, body["jql"])
        query = {"jql": jql, "startAt": body.get("startAt", 0), "maxResults": body.get("maxResults", 50),
                 "fields": ",".join(body.get("fields") or ())}  # fmt: skip
        answer = await self.ask("GET", "/rest/api/2/search", query)
        for issue in answer.value["issues"]:
            resource = f"/rest/api/2/issue/{issue['key']}"
            if "changelog" in (body.get("expand") or ()):
                issue["changelog"] = (await self.ask("GET", resource, {"expand": "changelog"})).value["changelog"]
            if "worklog" in (body.get("fields") or ()):
                logs = (await self.ask("GET", f"{resource}/worklog")).value
                for log in logs["worklogs"]:
                    log["id"] = issue["id"] + log["id"]
                issue["fields"]["worklog"] = logs | {"maxResults": 20, "worklogs": logs["worklogs"][:20]}
        return answer

    async def ask(self, method: str, path: str, query: dict[str, Any] | None = None, body: bytes = b"") -> Answer:
        """Ask the bare server."""
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "root_path": "", "query_string": urlencode(query or {}).encode(),
            "headers": [(b"host", b"jira.acme.internal"), (b"content-type", b"application/json")],
            "server": ("jira.acme.internal", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await self.bare(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], json.loads(content) if content else None)


def _by_day(since: re.Match[str]) -> str:
    """The instant of a clause as the day it is in: the server knows nothing finer."""
    return f'updated >= "{datetime.fromtimestamp(int(since[1]) / 1000, UTC):%Y-%m-%d}"'


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Its address while it is served."""
    running = serve_app(app)
    try:
        yield running.url
    finally:
        running.stop()


def new_store(seed: str = "0") -> Store:
    """Its own data set: a project of some 360 issues with a scrum and a kanban board."""
    return Store(Config(seed=seed, base_date=TODAY))

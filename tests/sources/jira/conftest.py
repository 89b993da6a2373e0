"""A scripted Jira over HTTP on loopback, and short ways to map single records."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.config import JiraTracker
from itpm_pipeline.extract.client import Client
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.context import JiraContext, build_context
from itpm_pipeline.sources.jira.mapping import map_record
from itpm_pipeline.sources.jira.source import JiraSource

NOW = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
TOKEN = "t0p-secret-token"
EMAIL = "reader@acme.example"
SERVER_INFO = {
    "baseUrl": "https://acme.atlassian.net", "version": "1001.0.0", "versionNumbers": [1001, 0, 0],
    "deploymentType": "Cloud", "serverTime": "2026-11-16T09:00:00.000+0100",
}  # fmt: skip
GREENHOPPER = "com.pyxis.greenhopper.jira:"
CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"
FIELDS = [
    {"id": "summary", "name": "Summary", "schema": {"type": "string", "system": "summary"}},
    {"id": "customfield_10020", "name": "Sprint", "schema": {"type": "array", "custom": GREENHOPPER + "gh-sprint"}},
    {"id": "customfield_10014", "name": "Epic Link", "schema": {"type": "any", "custom": GREENHOPPER + "gh-epic-link"}},
    {"id": "customfield_10021", "name": "Markiert", "untranslatedName": "Flagged",
     "schema": {"type": "array", "items": "option", "custom": CUSTOM + "multicheckboxes"}},
    {"id": "customfield_10016", "name": "Story point estimate",
     "schema": {"type": "number", "custom": GREENHOPPER + "jsw-story-points"}},
    {"id": "customfield_10034", "name": "Story Points", "schema": {"type": "number", "custom": CUSTOM + "float"}},
    {"id": "customfield_10099", "name": "Budget", "schema": {"type": "number", "custom": CUSTOM + "float"}},
    {"id": "customfield_10015", "name": "Start date", "schema": {"type": "date", "custom": CUSTOM + "datepicker"}},
    {"id": "customfield_10001", "name": "Team", "schema": {"type": "team", "custom": CUSTOM + "atlassian-team"}},
]  # fmt: skip


class Request:
    """One request as the server got it."""

    def __init__(self, method: str, target: str, headers: Any, body: bytes) -> None:
        parts = urlsplit(target)
        self.method, self.path = method, parts.path
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.queries = parse_qs(parts.query)
        self.headers = headers
        self.body: Any = json.loads(body) if body else None


Answerer = Callable[[Request], Any]


class OtherAnswerError(Exception):
    """Raise it in an answerer for another answer than 200 and JSON."""

    def __init__(self, status: int, body: Any = b"", **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class FakeJira:
    """``answers``: path below ``/rest/`` to a JSON value or to a function of the request. ``seen``: all requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.seen: list[Request] = []
        self.url = ""
        self.lock = threading.Lock()

    def counts(self) -> Counter[str]:
        return Counter(f"{request.method} {request.path.removeprefix('/rest/')}" for request in self.seen)

    def reply(self, request: Request) -> tuple[int, bytes, dict[str, str]]:
        with self.lock:
            self.seen.append(request)
        path = request.path.removeprefix("/rest/")
        if path not in self.answers:
            return 404, b'{"errorMessages":["no such resource"]}', {}
        answer = self.answers[path]
        try:
            value = answer(request) if callable(answer) else answer
        except OtherAnswerError as reply:
            return reply.status, reply.body, reply.headers
        return 200, json.dumps(value).encode(), {}


@pytest.fixture
def fake() -> Iterator[FakeJira]:
    """An empty Cloud site; add answers."""
    site = FakeJira()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content, headers = site.reply(Request(self.command, self.path, self.headers, body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    site.answers |= {
        "api/2/serverInfo": dict(SERVER_INFO),
        "api/3/myself": {"accountId": "5b10a", "displayName": "Reader"},
        "api/3/field": list(FIELDS),
    }
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def tracker(url: str = "https://acme.atlassian.net", **settings: Any) -> JiraTracker:
    return JiraTracker.model_validate(
        {"kind": "jira", "name": "acme-jira", "url": url, "email": EMAIL, "token": TOKEN} | settings
    )


@pytest.fixture
def open_source(fake: FakeJira) -> Iterator[Callable[..., JiraSource]]:
    """Opens a source on the fake site; pauses between attempts take no time."""
    opened: list[JiraSource] = []

    def build(**settings: Any) -> JiraSource:
        client = Client("acme-jira", max_attempts=3, secrets=[TOKEN], sleep=lambda _: None)
        opened.append(JiraSource(tracker(fake.url, **settings), client=client, now=lambda: NOW))
        return opened[-1]

    yield build
    for source in opened:
        source.close()


@pytest.fixture
def make_tracker() -> Callable[..., JiraTracker]:
    return tracker


@pytest.fixture
def other_answer() -> type[OtherAnswerError]:
    return OtherAnswerError


class Desk:
    """Maps single records in a context."""

    def __init__(self) -> None:
        self.reference: list[RawRecord] = []
        self.settings: dict[str, Any] = {}
        for field in FIELDS:
            self.refer("fields", field["id"], field)

    def refer(self, stream: str, native_id: Any, payload: Any) -> None:
        """Add a reference record."""
        self.reference.append(self.record(stream, payload, native_id))

    def board(self, number: int, field: str | None, *projects: tuple[int, str], kind: str = "scrum") -> None:
        """Add a board that estimates in a field and shows projects (id, key)."""
        self.refer("boards", number, {"id": number, "name": f"Board {number}", "type": kind})
        estimation = {"estimation": {"type": "field", "field": {"fieldId": field, "displayName": "P"}}} if field else {}
        self.refer("board_configurations", number, {"id": number, **estimation})
        shown = [{"id": str(native), "key": key} for native, key in projects]
        self.refer("board_projects", number, {"boardId": number, "projects": shown})

    @property
    def context(self) -> JiraContext:
        return build_context(tracker(**self.settings), self.reference)

    @staticmethod
    def record(stream: str, payload: Any, native_id: Any = 1, project: str = "PAY") -> RawRecord:
        content = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        return RawRecord(stream, project, str(native_id), content, NOW)

    def map(self, stream: str, payload: Any, project: str = "PAY") -> CanonicalRows:
        """Rows of one record; each row is checked against the core schema's columns."""
        rows = CanonicalRows()
        map_record(self.record(stream, payload, project=project), self.context, rows)
        for table, added in rows.tables.items():
            columns = set(core_table(table).columns.keys())
            assert all(row.keys() <= columns for row in added), table
        return rows


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def make_issue() -> Callable[..., dict[str, Any]]:
    """Builds an issue as Cloud sends it; keyword arguments are fields."""

    def build(number: int = 10042, key: str = "PAY-7", **fields: Any) -> dict[str, Any]:
        return {
            "id": str(number), "key": key, "self": f"https://acme.atlassian.net/rest/api/3/issue/{number}",
            "fields": {
                "summary": "Pay by invoice",
                "issuetype": {"id": "1", "name": "Story", "subtask": False, "hierarchyLevel": 0},
                "project": {"id": "10001", "key": "PAY"},
                "status": {"id": "3", "name": "Doing", "statusCategory": {"key": "indeterminate"}},
                "created": "2026-03-02T09:00:00.000+0100",
                "updated": "2026-03-05T10:00:00.000+0000",
                **fields,
            },
        }  # fmt: skip

    return build


@pytest.fixture
def site(fake: FakeJira) -> FakeJira:
    """Two projects, a scrum and a kanban board, one board we may not look into."""

    def no_sprints(_: Request) -> None:
        raise OtherAnswerError(400, {"errorMessages": ["The board does not support sprints"]})

    def denied(_: Request) -> None:
        raise OtherAnswerError(403, {"errorMessages": ["no permission"]})

    sprints = [{"id": 30 + n, "state": "closed", "name": f"S{n}"} for n in range(120)]
    fake.answers |= {
        "api/3/project/search": lambda request: {
            "values": [{"id": "2", "key": "WEB", "archived": True}, {"id": "1", "key": "PAY", "name": "Payments"}],
            "isLast": True, "total": 2, "asked": request.queries.get("status"),
        },
        "api/3/status": [], "api/3/issuetype": [], "api/3/priority": [], "api/3/resolution": [],
        "api/3/issueLinkType": {"issueLinkTypes": [{"id": "1", "name": "Blocks"}]},
        "agile/1.0/board": lambda request: {
            "values": [{"id": n, "type": kind, "name": f"B{n}"} for n, kind in
                       ((4, "scrum"), (5, "kanban"), (6, "scrum"), (7, "scrum"))][int(request.query["startAt"]) :][:2],
            "total": 4,
        },
    }  # fmt: skip
    for board in (4, 5, 6, 7):
        fake.answers[f"agile/1.0/board/{board}/configuration"] = {"id": board, "columnConfig": {"columns": []}}
        fake.answers[f"agile/1.0/board/{board}/project"] = {"values": [{"id": "1", "key": "PAY"}], "isLast": True}
        fake.answers[f"agile/1.0/board/{board}/sprint"] = lambda request: {
            "values": sprints[int(request.query["startAt"]) :][:50], "isLast": int(request.query["startAt"]) >= 100,
        }  # fmt: skip
    fake.answers["agile/1.0/board/5/sprint"] = no_sprints
    fake.answers["agile/1.0/board/6/sprint"] = denied
    fake.answers["agile/1.0/board/6/configuration"] = denied
    fake.answers["agile/1.0/board/7/project"] = denied
    return fake

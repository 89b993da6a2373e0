"""A GitHub that answers from lists in memory, behind real HTTP on a free port of loopback."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from github_nodes import repository_node

from itpm_pipeline.config import GithubTracker
from itpm_pipeline.extract.client import Client
from itpm_pipeline.sources.github.session import GithubSession
from itpm_pipeline.sources.github.source import GithubSource

Reply = tuple[int, dict[str, str], Any]
DATE = {"Date": "Mon, 16 Nov 2026 08:00:00 GMT"}
OPERATION = re.compile(r"query (\w+)")


@dataclass
class Asked:
    """One request as it arrived."""

    verb: str
    path: str
    parameters: dict[str, list[str]]
    headers: dict[str, str]
    body: Any

    @property
    def operation(self) -> str:
        """Name of the GraphQL operation."""
        return OPERATION.match(self.body["query"]).group(1)

    @property
    def variables(self) -> dict[str, Any]:
        return self.body["variables"]


@dataclass
class FakeGithub:
    """``handlers`` answer by ``VERB /path``; those of ``operations`` answer GraphQL by operation name."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    handlers: dict[str, Callable[[Asked], Reply]] = field(default_factory=dict)
    operations: dict[str, Callable[[Asked], Any]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        handler = self.handlers.get(f"{asked.verb} {asked.path}")
        if handler is not None:
            return handler(asked)
        if asked.path.endswith("/graphql"):
            answered = self.operations[asked.operation](asked)
            if isinstance(answered, tuple):
                return answered
            return 200, DATE, answered if "data" in answered or "errors" in answered else {"data": answered}
        return 404, DATE, {"message": "Not Found"}

    def count(self) -> Counter[str]:
        """Requests by operation (or path)."""
        return Counter(one.operation if one.path.endswith("/graphql") else one.path for one in self.asked)


@pytest.fixture
def fake() -> Iterator[FakeGithub]:
    github = FakeGithub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: two would meet the client's delayed acknowledgement

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            parts = urlsplit(self.path)
            asked = Asked(
                self.command, parts.path, parse_qs(parts.query), {k.lower(): v for k, v in self.headers.items()},
                json.loads(content) if content else None,
            )  # fmt: skip
            status, headers, body = github.answer(asked)
            if status == 0:  # hang up
                self.close_connection = True
                return
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response_only(status)
            for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    github.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield github
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tracker(fake: FakeGithub) -> GithubTracker:
    return GithubTracker(name="acme-gh", kind="github", url=fake.url, token="ghp_secret", organizations=("acme",))


@pytest.fixture
def slept() -> list[float]:
    """Seconds the client would have slept."""
    return []


@pytest.fixture
def client(slept: list[float]) -> Client:
    """A client for which waiting passes at once."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    return Client("acme-gh", max_attempts=3, secrets=("ghp_secret",), clock=lambda: now[0], sleep=sleep)


@pytest.fixture
def session(tracker: GithubTracker, client: Client) -> Iterator[GithubSession]:
    opened = GithubSession(tracker, client)
    yield opened
    opened.close()


@pytest.fixture
def source(tracker: GithubTracker, client: Client) -> Iterator[GithubSource]:
    opened = GithubSource(tracker, client)
    yield opened
    opened.close()


@dataclass
class Organisation:
    """One repository and its lists, served in pages as GitHub does; ``limit``: larger pages end in 502."""

    fake: FakeGithub
    repository: dict[str, Any] = field(default_factory=repository_node)
    issues: list[dict[str, Any]] = field(default_factory=list)
    pull_requests: list[dict[str, Any]] = field(default_factory=list)
    milestones: list[dict[str, Any]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    projects: list[dict[str, Any]] = field(default_factory=list)
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    relations: dict[str, dict[str, Any]] = field(default_factory=dict)
    rest_of: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    """(node id, cursor) to the nodes of the continued connection."""
    limit: int = 100

    def __post_init__(self) -> None:
        self.fake.operations.update(
            Features=lambda _: {"t0": None},
            Repository=self._repository,
            Relations=self._relations,
            Continued=self._continued,
            Issues=lambda asked: {"nodes": [
                json.loads(json.dumps(one)) for one in self.issues if one["id"] in asked.variables["ids"]
            ]},
            Deployments=lambda asked: {
                "nodes": [one for one in self.deployments if one["id"] in asked.variables["ids"]]
            },
            Owner=lambda _: {
                "repositoryOwner": {
                    "__typename": "Organization", "id": "O_1", "login": "acme",
                    "issueTypes": {"nodes": [{"id": "IT_1", "name": "Bug"}]},
                }
            },
            Projects=lambda asked: {
                "repositoryOwner": {"projectsV2": page([_listed(one) for one in self.projects], asked)}
            },
            ProjectDetails=lambda asked: {"nodes": [
                {name: value for name, value in one.items() if name != "updatedAt"}
                for one in self.projects if one["id"] in asked.variables["ids"]
            ]},
            ProjectItems=lambda asked: {"node": {"items": page(self.items.get(asked.variables["id"], []), asked)}},
        )  # fmt: skip
        self.fake.handlers["GET /orgs/acme/repos"] = lambda _: (200, DATE, [{
            "full_name": "acme/checkout", "name": "checkout", "node_id": "R_1", "has_issues": True,
        }])  # fmt: skip

    def _repository(self, asked: Asked) -> Any:
        if asked.variables["first"] > self.limit:
            return 502, DATE, {"message": "bad gateway"}
        query = asked.body["query"]
        if "newestIssues" in query:
            newest = max(self.issues, key=lambda one: one["updatedAt"], default=None)
            latest = max(self.pull_requests, key=lambda one: one["updatedAt"], default=None)
            overview = {
                **self.repository,
                "milestones": page(self._newest_first(self.milestones, "updatedAt"), asked),
                "releases": page(self._newest_first(self.releases, "createdAt"), asked),
                "deployments": page(self._newest_first(self.deployments, "createdAt"), asked),
                "newestIssues": {"totalCount": len(self.issues), "nodes": [newest] if newest else []},
                "newestPullRequests": {"totalCount": len(self.pull_requests), "nodes": [latest] if latest else []},
            }
            return {"data": {"repository": overview, "rateLimit": {"cost": 1}}}
        if "timelineItems(last: 1" in query:
            listed = [{"id": one["id"], "timelineItems": {"nodes": _last_in_project(one)}} for one in self.issues]
            return {"data": {"repository": {"issues": page(listed, asked)}, "rateLimit": {"cost": 1}}}
        if " issues(" in query:
            since = asked.variables.get("since", "")
            chosen = [one for one in self.issues if one["updatedAt"] >= since]
            return {"data": {"repository": {"issues": page(chosen, asked)}, "rateLimit": {"cost": 6}}}
        answered = {}
        if "pullRequests(" in query:
            order = asked.variables["order"]
            name = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt"}[order["field"]]
            chosen = sorted(self.pull_requests, key=lambda one: one[name], reverse=order["direction"] == "DESC")
            answered["pullRequests"] = page(chosen, asked, "after_pull_requests")
        for name in ("milestones", "releases", "deployments"):
            if f" {name}(" in query:
                order = "updatedAt" if name == "milestones" else "createdAt"
                answered[name] = page(self._newest_first(getattr(self, name), order), asked, f"after_{name}")
        return {"data": {"repository": answered, "rateLimit": {"cost": 3}}}

    @staticmethod
    def _newest_first(nodes: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
        return sorted(nodes, key=lambda one: one[name], reverse=True)

    def _relations(self, asked: Asked) -> Any:
        return {"nodes": [{"id": one, **self.relations.get(one, {})} for one in asked.variables["ids"]]}

    def _continued(self, asked: Asked) -> Any:
        answered = {}
        aliases = re.findall(r"(n\d+): node\(id: \$id\d+\) \{ \.\.\. on \w+ \{ id (\w+)\(", asked.body["query"])
        for alias, connection in aliases:
            node_id, after = asked.variables[f"id{alias[1:]}"], asked.variables[f"after{alias[1:]}"]
            nodes = self.rest_of[node_id, after]
            info = {"hasNextPage": (node_id, f"{after}+") in self.rest_of, "endCursor": f"{after}+"}
            total = 50 + sum(len(more) for (owner, _), more in self.rest_of.items() if owner == node_id)
            answered[alias] = {"id": node_id, connection: {"totalCount": total, "pageInfo": info, "nodes": nodes}}
        return answered


@pytest.fixture
def organisation(fake: FakeGithub) -> Organisation:
    return Organisation(fake)


def page(nodes: list[dict[str, Any]], asked: Asked, after: str = "after") -> dict[str, Any]:
    """A page of nodes with number cursors."""
    start = int(asked.variables.get(after) or 0)
    end = start + asked.variables["first"]
    return {
        "totalCount": len(nodes),
        "pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(end)},
        "nodes": json.loads(json.dumps(nodes[start:end])),
    }


def _last_in_project(issue: dict[str, Any]) -> list[dict[str, Any]]:
    """The last thing that happened to an issue in a project."""
    return [one for one in issue["timelineItems"]["nodes"] if "Project" in one["__typename"]][-1:]


def _listed(project: dict[str, Any]) -> dict[str, Any]:
    return {name: project[name] for name in ("id", "number", "title", "updatedAt")}

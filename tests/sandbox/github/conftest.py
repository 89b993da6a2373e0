"""The small organisation behind real HTTP on a free port of loopback."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from acme_organization import acme

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.github.app import create_app
from itpm_pipeline.sandbox.mutations.github import GithubEditor
from itpm_pipeline.sandbox.serve import Served, serve_app

TOKEN = "ghp_sandbox"


@dataclass
class Client:
    """Talks to the sandbox as any HTTP client would."""

    url: str
    served: Served
    company: Company
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **params: Any) -> requests.Response:
        url = path if path.startswith("http") else self.url + path
        return self.session.get(url, params=params, timeout=10, allow_redirects=False)

    def post(self, query: str, variables: dict[str, Any] | None = None, path: str = "/graphql") -> requests.Response:
        return self.session.post(self.url + path, json={"query": query, "variables": variables or {}}, timeout=10)

    def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The data of a query that must not fail."""
        body = self.post(query, variables).json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    def errors(self, query: str, /, **variables: Any) -> list[dict[str, Any]]:
        """The errors of a query that must fail, with HTTP 200."""
        response = self.post(query, variables)
        assert response.status_code == 200
        return response.json()["errors"]


@pytest.fixture
def start() -> Iterator[Callable[..., Client]]:
    """Starts servers of an own organisation, with any setting of create_app."""
    clients: list[Client] = []

    def start(company: Company | None = None, elapsed: Callable[[], float] | None = None, **settings: Any) -> Client:
        state = company or acme()
        clock = Clock(state.now, elapsed or (lambda: 0.0))
        app = create_app(state, clock, **{"token": TOKEN, "hourly_points": 100_000, **settings})
        served = serve_app(app)
        client = Client(served.url, served, state)
        client.session.headers["Authorization"] = f"bearer {TOKEN}"
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.session.close()
        client.served.stop()


@pytest.fixture(scope="module")
def github() -> Iterator[Client]:
    """One server for all tests of a module that change nothing; time stands still."""
    state = acme()
    app = create_app(
        state, Clock(state.now, lambda: 0.0), token=TOKEN, hourly_points=1_000_000, renames={"till": "checkout"}
    )
    served = serve_app(app)
    client = Client(served.url, served, state)
    client.session.headers["Authorization"] = f"token {TOKEN}"
    yield client
    client.session.close()
    served.stop()


CHANGES: list[dict[str, Any]] = [
    {"kind": "update", "issue": "checkout#1", "title": "Other words", "body": "b", "labels": ["bug", "new"],
     "assignees": ["anna"], "milestone": "M2", "issue_type": "Task", "status": "Done", "iteration": "Iteration 4",
     "estimate": 8},
    {"kind": "update", "issue": "checkout#9", "issue_type": "Bug", "milestone": "M1"},
    {"kind": "create", "repository": "checkout", "title": "New", "project": 7, "estimate": 1},
    {"kind": "close", "issue": "checkout#3", "reason": "NOT_PLANNED"},
    {"kind": "reopen", "issue": "checkout#4"},
    {"kind": "comment", "issue": "checkout#5"},
    {"kind": "delete", "issue": "checkout#40"},
    {"kind": "transfer", "issue": "checkout#15", "repository": "service-03"},
    {"kind": "add_to_project", "issue": "checkout#60", "project": 7},
    {"kind": "remove_from_project", "issue": "checkout#10"},
    {"kind": "block", "blocker": "checkout#20", "blocked": "checkout#21"},
    {"kind": "block", "blocker": "checkout#22", "blocked": "checkout#23"},
    {"kind": "unblock", "blocker": "checkout#22", "blocked": "checkout#23"},
    {"kind": "add_sub_issue", "parent": "checkout#20", "child": "checkout#22"},
    {"kind": "rename", "repository": "service-04", "name": "service-four"},
    {"kind": "hide", "repository": "service-05"},
    {"kind": "archive", "repository": "service-06"},
    {"kind": "update_milestone", "repository": "checkout", "milestone": "M1", "due_on": "2027-01-01T00:00:00Z"},
    {"kind": "open_pull_request", "repository": "checkout", "title": "Late", "closes": ["checkout#5"]},
    {"kind": "merge_pull_request", "repository": "checkout", "number": 2_001},
    {"kind": "update_iteration", "project": 7, "iteration": "Iteration 4", "duration": 7},
    {"kind": "replace_iterations", "project": 7},
]
"""Every kind of mutation; what other tests of a module look at stays there."""


@pytest.fixture(scope="module")
def changed_github() -> Iterator[Client]:
    """The same after many changes."""
    state = acme()
    clock = Clock(state.now, lambda: 0.0)
    app = create_app(state, clock, token=TOKEN, hourly_points=1_000_000, renames={"till": "checkout"})
    served = serve_app(app)
    GithubEditor(state, clock).apply(CHANGES)
    client = Client(served.url, served, state)
    client.session.headers["Authorization"] = f"token {TOKEN}"
    yield client
    client.session.close()
    served.stop()


@pytest.fixture(scope="session")
def github_changes() -> list[dict[str, Any]]:
    """What ``changed_github`` went through."""
    return CHANGES

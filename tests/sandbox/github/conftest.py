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

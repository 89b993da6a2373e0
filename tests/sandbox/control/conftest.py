"""Both servers under control, and clients that tell what came."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from jira_server_company import EMAIL, TOKEN

from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.control.server import Control
from itpm_pipeline.sandbox.serve import Running, serve

PAGE = """query Page($first: Int!, $after: String) { organization(login: "acme") {
    repositories(first: $first, after: $after) { nodes { name issues(first: 10) { totalCount } } } } }"""


@dataclass
class Client:
    """One server under control; ``probe`` is a request that is answered when there is no fault."""

    tracker: str
    url: str
    control: Control
    session: requests.Session

    def probe(self, **variables: Any) -> requests.Response:
        if self.tracker == "jira":
            return self.session.get(f"{self.url}/rest/api/3/field", timeout=5)
        asked = {"query": PAGE, "variables": {"first": 10} | variables}
        return self.session.post(f"{self.url}/graphql", json=asked, timeout=5)

    def is_well(self) -> bool:
        answer = self.probe()
        return answer.status_code == 200 and isinstance(answer.json(), list | dict) and "errors" not in answer.json()

    def order(self, **body: Any) -> requests.Response:
        return self.session.post(f"{self.url}/__control__", json=body, timeout=5)


@pytest.fixture(scope="session")
def controlled() -> Iterator[Running]:
    company = build_company(200)
    with serve(
        company, jira_email=EMAIL, jira_token=TOKEN, github_token=TOKEN, github_hourly_points=None,
        elapsed=lambda: 0.0, control=True,
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def jira_client(controlled: Running) -> Iterator[Client]:
    with requests.Session() as session:
        session.auth = (EMAIL, TOKEN)
        yield Client("jira", controlled.jira_url, controlled.jira_control, session)
    controlled.jira_control.clear()


@pytest.fixture
def github_client(controlled: Running) -> Iterator[Client]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"bearer {TOKEN}"
        yield Client("github", controlled.github_url, controlled.github_control, session)
    controlled.github_control.clear()


@pytest.fixture(params=["jira", "github"])
def client(request: pytest.FixtureRequest) -> Client:
    return request.getfixturevalue(f"{request.param}_client")

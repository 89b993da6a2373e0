"""Served companies to change, with clocks that only mutations move."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import requests
from jira_server_company import EMAIL, NOW, TOKEN, Caller, hand_made_company

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.github.app import create_app as create_github_app
from itpm_pipeline.sandbox.jira.app import create_app as create_jira_app
from itpm_pipeline.sandbox.mutations.github import GithubEditor
from itpm_pipeline.sandbox.mutations.jira import JiraEditor
from itpm_pipeline.sandbox.serve import serve_app


@dataclass
class ChangingJira:
    """``edit`` changes the company, ``ask`` sees what the server makes of it."""

    edit: JiraEditor
    ask: Caller

    def issue(self, ref: str, **query: Any) -> dict[str, Any]:
        return self.ask.get(f"/rest/api/3/issue/{ref}", **query)

    def history(self, ref: str) -> list[dict[str, Any]]:
        """Changed fields of the last entry."""
        return self.ask.get(f"/rest/api/3/issue/{ref}/changelog")["values"][-1]["items"]

    def keys(self, jql: str) -> list[str]:
        return sorted(issue["key"] for issue in self.ask.search(jql, fields=["key"]))

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.ask.get("/rest/api/3/serverInfo")["serverTime"])

    def changed_since_start(self) -> list[str]:
        return self.keys(f"updated >= {int(NOW.timestamp() * 1000)}")


@dataclass
class ChangingGithub:
    """The same for GitHub."""

    edit: GithubEditor
    url: str
    session: requests.Session

    def ask(self, query: str, **variables: Any) -> Any:
        """Data of a query that must not fail."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def post(self, query: str, **variables: Any) -> requests.Response:
        return self.session.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=10)

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=10, allow_redirects=False)

    def issue(self, repository: str, number: int, fields: str) -> Any:
        found = f"issue(number: $n) {{ {fields} }}"
        query = f'query($r: String!, $n: Int!) {{ repository(owner: "acme", name: $r) {{ {found} }} }}'
        return self.ask(query, r=repository, n=number)["repository"]["issue"]


@pytest.fixture
def jira_edit() -> JiraEditor:
    """Of a company that is not served."""
    company = hand_made_company()
    return JiraEditor(company, Clock(company.now, lambda: 0.0))


@pytest.fixture
def github_edit() -> GithubEditor:
    """Of a company that is not served."""
    company = build_company(200)
    return GithubEditor(company, Clock(company.now, lambda: 0.0))


@pytest.fixture
def jira(jira_edit: JiraEditor) -> Iterator[ChangingJira]:
    served = serve_app(create_jira_app(jira_edit.company, jira_edit.clock, token=TOKEN, email=EMAIL))
    caller = Caller(served.url)
    yield ChangingJira(jira_edit, caller)
    caller.session.close()
    served.stop()


@pytest.fixture
def github(github_edit: GithubEditor) -> Iterator[ChangingGithub]:
    served = serve_app(create_github_app(github_edit.company, github_edit.clock, token=TOKEN))
    with requests.Session() as session:
        session.headers["Authorization"] = f"bearer {TOKEN}"
        yield ChangingGithub(github_edit, served.url, session)
    served.stop()

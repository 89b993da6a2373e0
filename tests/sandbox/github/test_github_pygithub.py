"""PyGithub, which knows nothing of the sandbox, works with it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth, BadCredentialsException, Github, UnknownObjectException


@pytest.fixture(params=["", "/api/v3"])
def client(github: Any, request: pytest.FixtureRequest) -> Iterator[Github]:
    opened = Github(base_url=github.url + request.param, auth=Auth.Token("ghp_sandbox"), retry=None,
                    seconds_between_requests=0)  # fmt: skip
    yield opened
    opened.close()


def test_discovery(client: Github, github: Any) -> None:
    assert client.get_user().login == "anna-acme"
    organization = client.get_organization("acme")
    assert organization.name == "Acme Inc."
    found = {repository.name: repository for repository in organization.get_repos()}
    assert found.keys() == github.company.repositories.keys()
    assert found["api"].archived is True
    assert found["api"].has_issues is False
    assert {repository.name for repository in client.get_user().get_repos()} == found.keys()


def test_issues_milestones_and_lazy_parts(client: Github) -> None:
    repository = client.get_repo("acme/checkout")
    assert repository.owner.login == "acme"
    issues = list(repository.get_issues(state="all"))
    assert len(issues) == 231 + 7
    issue = repository.get_issue(1)
    assert (issue.title, [label.name for label in issue.labels]) == ("Issue 1", ["bug", "blocked"])
    assert issue.milestone is not None
    assert issue.milestone.title == "M1"
    assert sum(each.pull_request is not None for each in issues) == 7
    assert [milestone.title for milestone in repository.get_milestones(state="closed")] == ["M2"]
    assert client.get_repo("acme/till").full_name == "acme/checkout"
    with pytest.raises(UnknownObjectException):
        client.get_repo("acme/nope")


def test_graphql_and_limits(client: Github) -> None:
    _, body = client.requester.graphql_query("query($l: String!) { organization(login: $l) { name } }", {"l": "acme"})
    assert body["data"] == {"organization": {"name": "Acme Inc."}}
    assert client.get_rate_limit().rate.limit == 1_000_000
    assert client.rate_limiting[1] == 1_000_000
    assert client.rate_limiting_resettime == 1_794_819_600


def test_a_wrong_token(github: Any) -> None:
    auth = Auth.Token("wrong")
    with Github(base_url=github.url, auth=auth, retry=None) as client, pytest.raises(BadCredentialsException):
        client.get_user().login  # noqa: B018


def test_as_an_app(start: Callable[..., Any]) -> None:
    github = start()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    auth = Auth.AppAuth(1, key.decode()).get_installation_auth(7)
    with Github(base_url=github.url, auth=auth, retry=None) as client:
        assert client.get_organization("acme").login == "acme"

"""The ``jira`` package as an independent client."""

from collections.abc import Iterator
from typing import Any

import pytest
from jira import JIRA, JIRAError
from jira_server_company import EMAIL, TOKEN


@pytest.fixture(scope="module")
def client(jira_server: Any) -> Iterator[JIRA]:
    client = JIRA(jira_server.url, basic_auth=(EMAIL, TOKEN), options={"rest_api_version": "3"}, max_retries=0)
    yield client
    client.close()


def test_it_recognises_cloud(client: JIRA) -> None:
    assert client.deploymentType == "Cloud"
    assert client.myself()["emailAddress"] == EMAIL


def test_it_pages_through_a_search(client: JIRA, company: Any) -> None:
    issues = client.enhanced_search_issues("project = PAY ORDER BY updated", maxResults=0, fields="summary,updated")
    expected = {i.id for i in company.jira_issues.values() if i.project_id == "10001" and i.deleted_at is None}
    assert len(issues) == len(expected)
    assert {issue.id for issue in issues} == expected


def test_it_pages_through_boards_and_sprints(client: JIRA) -> None:
    assert [board.id for board in client.boards()] == [1, 2, 3]
    assert [sprint.id for sprint in client.sprints(1, maxResults=0)] == list(range(1, 61))
    with pytest.raises(JIRAError, match="does not support sprints"):
        client.sprints(3)


def test_it_reads_an_issue(client: JIRA) -> None:
    issue = client.issue("DATA-3")
    assert (issue.key, issue.fields.status.name, issue.fields.project.key) == ("PAY-241", "In Progress", "PAY")
    assert client.approximate_issue_count("project = DATA") == 19
    assert {project.key for project in client.projects()} == {"PAY", "DATA", "SEC"}

"""The simulated company as the Jira server shows it: whole, and in the specification's shapes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jira_server_company import EMAIL, TOKEN, Caller
from jira_specification import PLATFORM, read_documents
from jsonschema import Draft202012Validator

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.jira.app import create_app
from itpm_pipeline.sandbox.serve import serve_app

V3 = "/rest/api/3"


@pytest.fixture(scope="module")
def documents(shared: Path) -> dict[str, Any]:
    return read_documents(shared)


@pytest.fixture(scope="module")
def simulated() -> Company:
    return build_company(400)


@pytest.fixture(scope="module")
def site(simulated: Company) -> Iterator[Caller]:
    served = serve_app(create_app(simulated, Clock(simulated.now, lambda: 0.0), token=TOKEN, email=EMAIL))
    caller = Caller(served.url)
    yield caller
    caller.session.close()
    served.stop()


def test_every_issue_and_every_history_entry_is_served(simulated: Company, site: Caller) -> None:
    live = {p.id for p in simulated.jira_projects.values() if p.readable and not p.archived}
    expected = {
        issue.id: len(issue.history)
        for issue in simulated.jira_issues.values()
        if issue.project_id in live and issue.deleted_at is None
    }
    found = site.search("project is not EMPTY ORDER BY updated", fields=["*all"], expand="changelog")
    assert {issue["id"]: issue["changelog"]["total"] for issue in found} == expected
    received = dict.fromkeys(expected, 0)
    ids = list(expected)
    for start in range(0, len(ids), 1000):
        body: dict[str, Any] = {"issueIdsOrKeys": ids[start : start + 1000], "maxResults": 500}
        while True:
            page = site.post(f"{V3}/changelog/bulkfetch", body)
            for log in page["issueChangeLogs"]:
                received[log["issueId"]] += len(log["changeHistories"])
            if "nextPageToken" not in page:
                break
            body["nextPageToken"] = page["nextPageToken"]
    assert received == expected


def test_every_board_and_sprint_is_served(simulated: Company, site: Caller) -> None:
    sprints: set[int] = set()
    for board in site.get("/rest/agile/1.0/board")["values"]:
        path = f"/rest/agile/1.0/board/{board['id']}"
        site.get(f"{path}/configuration")
        if board["type"] == "scrum":
            start, is_last = 0, False
            while not is_last:
                page = site.get(f"{path}/sprint", startAt=start)
                sprints |= {sprint["id"] for sprint in page["values"]}
                start, is_last = start + 50, page["isLast"]
        else:
            site.get(f"{path}/sprint", 400)
    assert sprints == simulated.sprints.keys()


@pytest.mark.realdata
def test_its_issues_are_as_specified(site: Caller, documents: dict[str, Any]) -> None:
    schemas = {"components": documents[PLATFORM]["components"]}
    is_issue = Draft202012Validator({"$ref": "#/components/schemas/IssueBean", **schemas})
    is_worklog = Draft202012Validator({"$ref": "#/components/schemas/PageOfWorklogs", **schemas})
    issues = site.search("project is not EMPTY ORDER BY key DESC", fields=["*all"], expand="changelog")[::5]
    assert len(issues) > 30
    for issue in issues:
        assert [error.message for error in is_issue.iter_errors(issue)] == []
        assert [error.message for error in is_worklog.iter_errors(issue["fields"]["worklog"])] == []

"""Every answer of the Jira server against Atlassian's own OpenAPI documents, also after everything changed."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jira_server_company import EMAIL, TOKEN, Caller, hand_made_company
from jira_server_requests import REQUESTS, Sent
from jira_specification import SOFTWARE, read_documents, violations

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.jira.app import create_app
from itpm_pipeline.sandbox.mutations.jira import JiraEditor
from itpm_pipeline.sandbox.serve import serve_app

CHANGES: list[dict[str, Any]] = [
    {"kind": "update", "issue": "PAY-4", "summary": "Other words", "status": "Done", "points": 8, "labels": ["b", "c"],
     "sprint": None, "assignee": "p1", "due_date": "2026-12-24", "parent": None, "is_flagged": False},
    {"kind": "update", "issue": "PAY-10", "sprint": 60, "fix_version_ids": ["10011"], "parent": "PAY-1"},
    {"kind": "create", "project": "PAY", "summary": "New", "points": 1, "sprint": 59},
    {"kind": "delete", "issue": "PAY-20"},
    {"kind": "move", "issue": "PAY-6", "project": "DATA"},
    {"kind": "move", "issue": "DATA-1", "project": "PAY"},
    {"kind": "hide_issue", "issue": "PAY-21"},
    {"kind": "comment", "issue": "PAY-7"},
    {"kind": "link", "source": "PAY-5", "target": "PAY-7", "type": "Depends"},
    {"kind": "unlink", "link": "1"},
    {"kind": "add_remote_link", "issue": "PAY-4", "url": "https://example.org/x", "title": "x"},
    {"kind": "log_work", "issue": "PAY-4", "seconds": 600},
    {"kind": "delete_worklog", "worklog": "30003"},
    {"kind": "rename_project", "project": "DATA", "key": "LAKE"},
    {"kind": "archive_project", "project": "LAKE"},
    {"kind": "hide_project", "project": "SEC", "is_hidden": False},
    {"kind": "update_version", "version": "10011", "release_date": "2027-01-01", "released": True},
    {"kind": "configure_board", "board": 1, "columns": [["Open", ["1", "3"]], ["Shut", ["10002"]]]},
    {"kind": "create_sprint", "board": 1, "name": "PAY Sprint 61"},
    {"kind": "close_sprint", "sprint": 59, "following": 60},
    {"kind": "start_sprint", "sprint": 60, "end_at": "2026-11-30T08:00:00Z"},
    {"kind": "update_sprint", "sprint": 60, "name": "Last one", "goal": "rest"},
    {"kind": "move_sprint", "sprint": 12, "board": 2},
    {"kind": "delete_sprint", "sprint": 13},
    {"kind": "delete_sprint", "sprint": 57, "with_history": True},
]


@pytest.fixture(scope="module")
def documents(shared: Path) -> dict[str, Any]:
    return read_documents(shared)


@pytest.fixture(scope="module")
def changed_site() -> Iterator[Caller]:
    """The same company after every kind of mutation."""
    company = hand_made_company()
    clock = Clock(company.now, lambda: 0.0)
    served = serve_app(create_app(company, clock, token=TOKEN, email=EMAIL))
    JiraEditor(company, clock).apply(CHANGES)
    caller = Caller(served.url)
    yield caller
    caller.session.close()
    served.stop()


@pytest.fixture(params=["as simulated", "changed"])
def site(request: pytest.FixtureRequest) -> Caller:
    return request.getfixturevalue("jira_site" if request.param == "as simulated" else "changed_site")


def test_every_kind_of_mutation_is_among_the_changes() -> None:
    assert {change["kind"] for change in CHANGES} == JiraEditor.kinds.keys()


@pytest.mark.realdata
@pytest.mark.parametrize("sent", [sent for sent in REQUESTS if not sent.unspecified], ids=str)
def test_answer_is_as_specified(sent: Sent, site: Caller, documents: dict[str, Any]) -> None:
    answer = sent.send(site)
    assert violations(sent, answer, documents) == []
    assert sent.is_telling(answer), "the answer is empty, so that the check says nothing"


@pytest.mark.realdata
@pytest.mark.parametrize("sent", [sent for sent in REQUESTS if sent.unspecified], ids=str)
def test_answer_holds_what_the_example_holds(sent: Sent, site: Caller, shared: Path) -> None:
    """Where the specification gives an example only: the same names, but for those the reason says."""
    with gzip.open(shared / "specs" / SOFTWARE) as file:
        answers = json.load(file)["paths"][sent.template]["get"]["responses"]
    example = json.loads(answers["200"]["content"]["application/json"]["example"])
    answer = sent.send(site)
    assert sent.is_telling(answer)
    assert example.keys() - answer.keys() <= sent.without
    if "values" in example:
        shown = set().union(*(value.keys() for value in answer["values"]))
        assert set().union(*(value.keys() for value in example["values"])) - shown <= sent.without

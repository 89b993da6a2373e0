"""Changes between the pages of a reading, and failures of whole trackers."""

from typing import Any

import pytest
from fault_world import FaultyCompany, faulty_company
from typer.testing import CliRunner

from itpm_pipeline.cli import command_line
from itpm_pipeline.errors import ItpmError
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN

pytestmark = pytest.mark.slow

OBSERVED = {"field_observation", "absence"}
"""Tables of what was seen when: who reads twice sees more than who reads once."""


@pytest.fixture
def changing():
    """A company of one's own, to be changed."""
    company = faulty_company()
    with company.running:
        yield company


def mutations_of_jira(company: FaultyCompany) -> list[dict[str, Any]]:
    """``gone`` was created last and hangs on nothing: it is deleted before anybody read it."""
    gone = company.running.jira_editor.create("WEB", "To be deleted", type="Story")
    issues = [i for i in company.running.company.jira_issues.values() if i.deleted_at is None and i.type == "Story"]
    web, shop = ([i for i in issues if i.key.startswith(f"{key}-") and i is not gone] for key in ("WEB", "SHOP"))
    web.sort(key=lambda issue: issue.created_at)
    return [
        {"kind": "update", "issue": web[0].id, "summary": "Read before it changed", "points": 21},
        {"kind": "update", "issue": web[-1].id, "summary": "Changed before it was read"},
        {"kind": "delete", "issue": gone.id},
        {"kind": "move", "issue": web[1].id, "project": "SHOP"},
        {"kind": "move", "issue": shop[0].id, "project": "WEB"},
        {"kind": "create", "project": "WEB", "summary": "Created while others were read"},
        {"kind": "link", "source": web[2].id, "target": web[-1].id},
        {"kind": "log_work", "issue": web[2].id, "seconds": 600},
    ]


def mutations_of_github(company: FaultyCompany) -> list[dict[str, Any]]:
    """``gone``: as above."""
    gone = company.running.github_editor.create("checkout", "To be deleted")
    checkout = company.running.company.repositories["checkout"]
    issues = [issue for issue in checkout.issues if issue.deleted_at is None and issue is not gone]
    issues.sort(key=lambda issue: issue.created_at)
    return [
        {"kind": "update", "issue": issues[0].node_id, "title": "Read before it changed", "labels": ["late"]},
        {"kind": "update", "issue": issues[-1].node_id, "title": "Changed before it was read"},
        {"kind": "delete", "issue": gone.node_id},
        {"kind": "create", "repository": "checkout", "title": "Created while others were read", "project": 1},
        {"kind": "block", "blocker": issues[0].node_id, "blocked": issues[-1].node_id},
        {"kind": "open_pull_request", "repository": "checkout", "title": "Late change", "closes": [issues[1].node_id]},
    ]


@pytest.mark.parametrize(
    ("tracker", "mutations", "page"),
    [
        ("jira", mutations_of_jira, {"path": "search/jql$", "body": '"nextPageToken"'}),
        ("github", mutations_of_github, {"operation": "^Repository$", "body": '"after":.*"name":|"name":.*"after":'}),
    ],
    ids=["jira", "github"],
)  # fmt: skip
def test_changes_while_paging_arrive_with_the_next_sync(
    changing, new_place, assert_same, tell, tracker, mutations, page
):
    place = new_place(tracker, company=changing)
    (armed,) = changing.control(tracker).arm({"kind": "mutation", **page, "mutations": mutations(changing)})
    assert place.sync().failed == []
    assert armed.fired == 1
    assert place.sync().failed == []
    fresh = new_place(tracker, company=changing)
    assert fresh.sync().failed == []
    expected = {name: rows for name, rows in fresh.content().items() if name not in OBSERVED}
    assert_same(place.content(), expected)
    tell("changes while paging", tracker, "same content after the next sync", place, 1)


@pytest.mark.parametrize(
    ("tracker", "other", "fault"),
    [
        ("jira", "acme-gh", {"path": "/rest/api/3/field$"}),
        ("github", "acme-jira", {"operation": "^Owner$"}),
        ("jira", "acme-gh", {"path": "/project/search$"}),
        ("github", "acme-jira", {"path": "/orgs/acme/repos$"}),
    ],
    ids=["jira-site", "github-site", "jira-discovery", "github-discovery"],
)
def test_a_tracker_that_fails_as_a_whole_leaves_the_other_synced(
    faulty, new_place, clean, tell, tracker, other, fault
):
    place, control = new_place(), faulty.control(tracker)
    (armed,) = control.arm({"kind": "server_error", "times": None, **fault})
    try:
        report = place.sync()
    finally:
        control.clear()
    failed = {outcome.where for outcome in report.failed}
    assert {where.partition(":")[0] for where in failed} == {"acme-jira", "acme-gh"} - {other}
    assert all("HTTP 503" in str(outcome.reason) for outcome in report.failed)
    rest = clean("github" if tracker == "jira" else "jira").content("issue", instance=other)
    assert place.content("issue", instance=other) == rest
    tell(f"503 for ever on {fault.get('path') or fault['operation']}", tracker,
         f"tracker failed, named ({', '.join(sorted(failed))}), other one synced", place, armed.fired)  # fmt: skip


@pytest.mark.parametrize(
    ("tracker", "fault", "words"),
    [
        ("jira", {"kind": "expired_page_token", "body": '"WEB'}, "acme-jira:WEB: "),
        ("github", {"kind": "forbidden", "operation": "^Repository$", "body": '"checkout"'}, "acme-gh:acme/checkout: "),
    ],
    ids=["jira", "github"],
)
def test_the_command_line_fails_and_names_project_and_cause(faulty, tmp_path, monkeypatch, tracker, fault, words):
    running, control = faulty.running, faulty.control(tracker)
    path = write_program(running.company, tmp_path, running.jira_url, running.github_url)
    path.write_text(path.read_text(encoding="utf-8").replace("projects: all", "projects: all\n  page_size: 4"),
                    encoding="utf-8")  # fmt: skip
    secrets = {"JIRA_EMAIL": JIRA_EMAIL, "JIRA_TOKEN": JIRA_TOKEN, "GITHUB_TOKEN": GITHUB_TOKEN}
    for name, value in secrets.items():
        monkeypatch.setenv(f"ITPM_DEMO_{name}", value)
    monkeypatch.chdir(tmp_path)
    control.arm(fault | {"times": None})
    try:
        arguments = ["sync", "--tracker", words.partition(":")[0]]
        result = CliRunner().invoke(command_line(arguments), arguments)
    finally:
        control.clear()
    assert isinstance(result.exception, ItpmError), result.output
    assert result.exception.exit_code == 1
    lines = str(result.exception).splitlines()
    assert lines
    assert all(line.startswith(words) for line in lines), lines
    assert "HTTP 40" in lines[0]

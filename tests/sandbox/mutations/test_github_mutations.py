"""What the GitHub server shows after each change; also an example of how to make it."""

from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from itpm_pipeline.sandbox.mutations.editing import MutationError

ITEM = """projectItems(first: 5) { nodes { id type updatedAt
  status: fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } }
  iteration: fieldValueByName(name: "Iteration") { ... on ProjectV2ItemFieldIterationValue { title iterationId } }
  estimate: fieldValueByName(name: "Estimate") { ... on ProjectV2ItemFieldNumberValue { number } } } }"""


def open_issue(edit) -> Any:
    """An issue of checkout that is open and on a project."""
    on_project = {item.issue for project in edit.company.github_projects for item in project.items}
    issues = edit.company.repositories["checkout"].issues
    return next(i for i in issues if i.state == "OPEN" and i.deleted_at is None and i.node_id in on_project)


def issue_ids(github, repository: str, since: datetime | None = None) -> set[str]:
    query = """query($r: String!, $s: DateTime) { repository(owner: "acme", name: $r) {
        issues(first: 100, filterBy: {since: $s}) { nodes { id } } } }"""
    answer = github.ask(query, r=repository, s=since.isoformat() if since else None)
    return {node["id"] for node in answer["repository"]["issues"]["nodes"]}


def project(github, number: int) -> dict[str, Any]:
    query = """query($n: Int!) { organization(login: "acme") { projectV2(number: $n) { updatedAt
        items(first: 100) { totalCount nodes { id type updatedAt } }
        field(name: "Iteration") { ... on ProjectV2IterationField { configuration {
            iterations { id title startDate duration } completedIterations { id title } } } } } } }"""
    return github.ask(query, n=number)["organization"]["projectV2"]


def test_an_update_writes_events_and_moves_the_clock(github):
    issue, start = open_issue(github.edit), github.edit.clock.now()
    github.edit.update(issue.node_id, title="Other words", labels=["new", "bug"])
    shown = github.issue("checkout", issue.number, "title updatedAt labels(first: 9) { nodes { name } }")
    assert shown["title"] == "Other words"
    assert {label["name"] for label in shown["labels"]["nodes"]} == {"new", "bug"}
    updated = datetime.fromisoformat(shown["updatedAt"])
    told = parsedate_to_datetime(github.get("/user").headers["date"])
    assert start < updated <= told
    assert issue_ids(github, "checkout", start + timedelta(seconds=1)) == {issue.node_id}
    kinds = [event.kind for event in issue.timeline[-3:]]
    assert "RenamedTitleEvent" in [event.kind for event in issue.timeline]
    assert "LabeledEvent" in kinds


def test_values_on_a_project_move_item_and_project_but_not_the_issue(github):
    issue, start = open_issue(github.edit), github.edit.clock.now()
    owner = next(p for p in github.edit.company.github_projects if any(i.issue == issue.node_id for i in p.items))
    before = issue.updated_at
    github.edit.update(issue.node_id, status="In Review", iteration=owner.iterations[-1].title, estimate=13)
    (item,) = github.issue("checkout", issue.number, ITEM)["projectItems"]["nodes"]
    assert (item["status"]["name"], item["estimate"]["number"]) == ("In Review", 13)
    assert item["iteration"]["iterationId"] == owner.iterations[-1].id
    assert datetime.fromisoformat(item["updatedAt"]) > start
    assert datetime.fromisoformat(project(github, owner.number)["updatedAt"]) > start
    assert issue.updated_at == before


def test_issues_come_and_close_and_open_and_go(github):
    made = github.edit.create("checkout", "New", project=1, estimate=3)
    (item,) = github.issue("checkout", made.number, ITEM)["projectItems"]["nodes"]
    assert (item["status"]["name"], item["estimate"]["number"]) == ("Todo", 3)
    github.edit.close(made.node_id, "NOT_PLANNED")
    shown = github.issue("checkout", made.number, f"state stateReason {ITEM}")
    assert (shown["state"], shown["stateReason"]) == ("CLOSED", "NOT_PLANNED")
    assert shown["projectItems"]["nodes"][0]["status"]["name"] == "Done"
    github.edit.reopen(f"acme/checkout#{made.number}")
    assert github.issue("checkout", made.number, "state")["state"] == "OPEN"
    github.edit.remove_from_project(made.node_id)
    github.edit.add_to_project(made.node_id, 2)
    assert made.node_id in {item.issue for item in github.edit.company.github_projects[1].items}
    github.edit.delete(made.node_id)
    assert github.get(f"/repos/acme/checkout/issues/{made.number}").status_code == 410
    assert made.node_id not in issue_ids(github, "checkout")


def test_a_transferred_issue_is_another_one_to_which_the_old_number_redirects(github):
    issue = open_issue(github.edit)
    other = github.edit.create("checkout", "Other")
    github.edit.block(issue.node_id, other.node_id)
    github.edit.company.repositories["mobile-app"].labels["kept"] = "ffffff"
    github.edit.update(issue.node_id, labels=["kept", "left behind"])
    old_id, old_number, events = issue.node_id, issue.number, len(issue.timeline)
    (item,) = github.issue("checkout", old_number, ITEM)["projectItems"]["nodes"]
    moved = github.edit.transfer(issue.node_id, "mobile-app")

    shown = github.issue("mobile-app", moved.number, f"""id title createdAt {ITEM}
        labels(first: 9) {{ nodes {{ name }} }} blocking(first: 5) {{ nodes {{ id }} }}
        timelineItems(last: 1) {{ totalCount nodes {{ ... on TransferredEvent {{ fromRepository {{ name }} }} }} }}""")
    assert shown["id"] == moved.node_id != old_id
    assert (shown["title"], datetime.fromisoformat(shown["createdAt"])) == (issue.title, issue.created_at)
    assert [label["name"] for label in shown["labels"]["nodes"]] == ["kept"]
    assert [one["id"] for one in shown["projectItems"]["nodes"]] == [item["id"]]
    assert shown["blocking"]["nodes"] == [{"id": other.node_id}]
    assert shown["timelineItems"]["nodes"] == [{"fromRepository": {"name": "checkout"}}]
    assert shown["timelineItems"]["totalCount"] == events + 1

    gone = github.post("query($i: ID!) { node(id: $i) { id } }", i=old_id).json()
    assert gone["errors"][0]["type"] == "NOT_FOUND"
    assert old_id not in issue_ids(github, "checkout")
    redirected = github.get(f"/repos/acme/checkout/issues/{old_number}")
    assert redirected.status_code == 301
    followed = github.session.get(redirected.headers["location"], timeout=10)
    assert followed.json()["node_id"] == moved.node_id
    again = github.edit.transfer(moved.node_id, "data-pipelines")
    followed = github.session.get(f"{github.url}/repos/acme/checkout/issues/{old_number}", timeout=10)
    assert followed.json()["node_id"] == again.node_id


def test_a_renamed_repository_redirects_and_keeps_its_issues(github):
    before, start = issue_ids(github, "checkout"), github.edit.clock.now()
    github.edit.rename("checkout", "till")
    assert issue_ids(github, "till") == before != set()
    assert issue_ids(github, "till", start) == set(), "no issue was updated"
    assert github.get("/repos/acme/checkout").headers["location"].endswith("/repos/acme/till")
    query = """{ repository(owner: "acme", name: "checkout") { nameWithOwner } }"""
    assert github.ask(query)["repository"]["nameWithOwner"] == "acme/till"
    assert "acme/till" in [one["full_name"] for one in github.get("/orgs/acme/repos").json()]


def test_a_hidden_repository_is_gone_and_its_items_are_redacted(github):
    held = {issue.node_id for issue in github.edit.company.repositories["checkout"].issues}
    number = next(p.number for p in github.edit.company.github_projects if any(i.issue in held for i in p.items))
    github.edit.hide("checkout")
    assert github.get("/repos/acme/checkout").status_code == 404
    assert "acme/checkout" not in [one["full_name"] for one in github.get("/orgs/acme/repos").json()]
    assert "REDACTED" in [item["type"] for item in project(github, number)["items"]["nodes"]]
    github.edit.hide("checkout", is_hidden=False)
    github.edit.archive("checkout")
    assert github.get("/repos/acme/checkout").json()["archived"]


def test_a_replaced_iteration_list_clears_values_and_touches_no_item(github):
    board = next(p for p in github.edit.company.github_projects if any(i.iteration_id for i in p.items))
    before = project(github, board.number)
    github.edit.replace_iterations(board.number)
    after = project(github, board.number)
    configurations = [one["field"]["configuration"] for one in (before, after)]
    titles, ids = ([[i[name] for i in c["iterations"] + c["completedIterations"]] for c in configurations]
                   for name in ("title", "id"))  # fmt: skip
    assert titles[0] == titles[1]
    assert set(ids[0]).isdisjoint(ids[1])
    assert before["items"] == after["items"]
    assert before["updatedAt"] < after["updatedAt"]
    assert not any(item.iteration_id for item in board.items)


def test_milestones_iterations_and_relations_change(github):
    milestone = github.edit.company.repositories["checkout"].milestones[0]
    github.edit.update_milestone("checkout", milestone.title, due_on=datetime(2027, 1, 1, tzinfo=UTC), closed=True)
    (shown,) = github.get("/repos/acme/checkout/milestones?state=closed").json()
    assert (shown["due_on"], shown["state"]) == ("2027-01-01T00:00:00Z", "closed")
    last = github.edit.company.github_projects[0].iterations[-1]
    github.edit.update_iteration(1, last.title, start_date=date(2027, 2, 1), duration=7)
    assert {"id": last.id, "title": last.title, "startDate": "2027-02-01", "duration": 7} in project(
        github, 1)["field"]["configuration"]["iterations"]  # fmt: skip
    one, two = github.edit.create("checkout", "One"), github.edit.create("checkout", "Two")
    github.edit.add_sub_issue(one.node_id, two.node_id)
    assert github.issue("checkout", two.number, "parent { id }")["parent"]["id"] == one.node_id
    github.edit.block(one.node_id, two.node_id)
    github.edit.unblock(one.node_id, two.node_id)
    assert github.issue("checkout", two.number, "blockedBy(first: 1) { totalCount }")["blockedBy"]["totalCount"] == 0


def test_a_merged_pull_request_closes_what_it_closes(github):
    issue = github.edit.create("checkout", "To be closed")
    pull = github.edit.open_pull_request("checkout", "Change", closes=[issue.node_id])
    github.edit.merge_pull_request("checkout", pull.number)
    shown = github.issue("checkout", issue.number, """state closedByPullRequestsReferences(first: 1,
        includeClosedPrs: true) { nodes { number merged } }""")
    assert shown["state"] == "CLOSED"
    assert shown["closedByPullRequestsReferences"]["nodes"] == [{"number": pull.number, "merged": True}]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "close", "issue": "checkout#9999"}, {"kind": "comment", "issue": "nowhere#1"},
        {"kind": "transfer", "issue": "{issue}", "repository": "checkout"},
        {"kind": "transfer", "issue": "{issue}", "repository": "old-monolith"},
        {"kind": "update", "issue": "{issue}", "status": "Nowhere"},
        {"kind": "update", "issue": "{issue}", "iteration": "Never"},
        {"kind": "update", "issue": "{issue}", "milestone": "None such"},
        {"kind": "update", "issue": "{issue}", "assignees": ["nobody"]},
        {"kind": "add_to_project", "issue": "{issue}", "project": 1},
        {"kind": "replace_iterations", "project": 99},
        {"kind": "merge_pull_request", "repository": "checkout", "number": 9999},
        {"kind": "rename", "repository": "checkout", "name": "mobile-app"},
        {"kind": "unblock", "blocker": "{issue}", "blocked": "{issue}"},
    ],
    ids=lambda change: change["kind"],
)  # fmt: skip
def test_what_cannot_be_is_told(github_edit, change: dict[str, Any]):
    issue = open_issue(github_edit)
    named = {key: value.replace("{issue}", issue.node_id) if isinstance(value, str) else value
             for key, value in change.items()}  # fmt: skip
    with pytest.raises(MutationError, match=rf"mutations\[0\]\.{change['kind']}: "):
        github_edit.apply([named])

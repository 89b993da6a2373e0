"""Jira Data Center names the epic of an issue in a link by its key; Jira Cloud in the field of the parent."""

from built_models import Build
from event_log import EventLog, Issue, at


def epic_link(log: EventLog, issue: Issue, key: str) -> None:
    """As read from the record of the issue: its epic, by key."""
    log.add("issue_link", seen_from_id=issue.issue_id, link_ref=f"Epic Link:{key}", blocker_issue_id=issue.issue_id,
            blocker_ref=issue.key, blocked_ref=key, edge_type="parent_child", type_raw="Epic Link",
            provenance="jira_parent", confidence=1.0)


def test_an_epic_link_makes_a_parent(build_models: Build) -> None:
    log = EventLog()
    epic, former = log.issue("PAY-1", kind="epic"), log.issue("PAY-2", kind="epic")
    for number, key in ((3, "PAY-1"), (4, "GONE-1")):
        epic_link(log, log.issue(f"PAY-{number}"), key)
    moved = log.issue("PAY-5").set("parent", "03-01", former.issue_id).set("parent", "03-05", epic.issue_id)
    epic_link(log, moved, "PAY-1")
    told = log.issue("PAY-6", parent_issue_id=former.issue_id)
    epic_link(log, told, "PAY-1")
    # What an epic says of its children is no parent of the epic.
    log.add("issue_link", seen_from_id=epic.issue_id, link_ref="child", blocker_issue_id=told.issue_id,
            blocked_issue_id=epic.issue_id, edge_type="parent_child", provenance="gh_sub_issue", confidence=1.0)
    built = build_models(log, as_of=at("04-01"))
    parents = {row["issue_key"]: row["parent_issue_id"] for row in built.rows("mart.dim_issue")}
    assert parents == {
        "PAY-1": None, "PAY-2": None, "PAY-3": epic.issue_id, "PAY-4": None, "PAY-5": epic.issue_id,
        "PAY-6": former.issue_id,
    }
    history = built.rows("int.int_issue_field_interval", f"issue_id = '{moved.issue_id}' and field = 'parent'")
    assert [(row["value"], row["valid_from"]) for row in sorted(history, key=lambda row: row["valid_from"])] == [
        (None, moved.created_at), (former.issue_id, at("03-01")), (epic.issue_id, at("03-05"))]

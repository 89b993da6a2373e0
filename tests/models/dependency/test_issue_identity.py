"""An issue is one issue, whatever it is called and wherever it went (METRICS.md T12, PITFALLS 22 and 23)."""

import pytest
from built_models import Build, Built
from dependency_links import Links
from event_log import at


def edges(built: Built) -> set[tuple[str, str, bool]]:
    return {
        (row["blocker_key"], row["blocked_key"], row["blocker_is_placeholder"])
        for row in built.rows("int.int_dependency_edge")
    }


def transferred(log: Links, key: str, successor: str, **columns: object) -> object:
    """An issue that was transferred on the 5th."""
    gone = {"is_deleted": True, "deleted_observed_at": at("03-05"), "deleted_reason": "transferred"}
    return log.issue(key, successor_issue_id=successor, **gone, **columns)


@pytest.mark.parametrize("as_of", ["03-04", "03-06"])
def test_a_transferred_issue_counts_once_and_always_as_what_it_became(build_models: Build, as_of: str) -> None:
    log = Links()
    new = log.issue("OPS-9")
    transferred(log, "PAY-1", new.issue_id)
    built = build_models(log, as_of=at(as_of))
    assert [row["issue_key"] for row in built.rows("int.int_issue")] == ["OPS-9"]


def test_a_transferred_issue_whose_successor_nobody_sees_is_just_gone(build_models: Build) -> None:
    log = Links()
    transferred(log, "PAY-1", "jira:acme:404")
    row = build_models(log, as_of=at("03-06")).one("int.int_issue", "true")
    assert (row["issue_key"], row["is_deleted"], row["deleted_reason"]) == ("PAY-1", True, "transferred")


def test_links_follow_an_issue_through_transfers(build_models: Build) -> None:
    log = Links()
    newest = log.issue("OPS-9")
    middle = transferred(log, "WEB-5", newest.issue_id)
    old = transferred(log, "PAY-1", middle.issue_id, url="https://acme.example/browse/PAY-1")
    by_id, by_key, by_address = (log.issue(f"ABC-{number}") for number in (1, 2, 3))
    log.link(by_id, old, by_id, ref="1")
    log.link(by_key, "pay-1", by_key, ref="2")
    log.link(by_address, "https://acme.example/browse/PAY-1", by_address, ref="3")
    # The old one's own record says what it said last, and is not listened to any more.
    log.link(old, "ABC-3", old, ref="4")
    assert edges(build_models(log)) == {
        ("OPS-9", "ABC-1", False), ("OPS-9", "ABC-2", False), ("OPS-9", "ABC-3", False),
    }


def test_old_names_of_a_project_still_lead_to_its_issues(build_models: Build) -> None:
    log = Links()
    log.project("RUN")
    log.add("project_key_alias", project_id="jira:acme:project:RUN", project_key="OPS")
    log.add("project_key_alias", project_id="jira:acme:project:RUN", project_key="RUN")
    log.issue("RUN-1", project="RUN")
    log.issue("RUN-2", project="RUN")
    issue, other = log.issue("PAY-1"), log.issue("PAY-2")
    log.link(issue, "OPS-1", issue, ref="1")
    log.link(other, "OPS-2", other, ref="2")
    # A key that is in use now leads to the issue that has it.
    log.issue("OPS-2")
    assert edges(build_models(log)) == {("RUN-1", "PAY-1", False), ("OPS-2", "PAY-2", False)}


def test_old_names_of_a_repository_still_lead_to_its_issues(build_models: Build) -> None:
    log = Links()
    repository = "jira:acme:project:acme/new"
    log.project("acme/new")
    log.add("project_key_alias", project_id=repository, project_key="acme/old")
    log.issue("acme/new#7", project="acme/new")
    issue = log.issue("PAY-1")
    log.link(issue, "acme/old#7", issue)
    assert edges(build_models(log)) == {("acme/new#7", "PAY-1", False)}

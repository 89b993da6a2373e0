"""Rules of data quality: each holds a record that keeps it and one that breaks it (METRICS.md section 6, T12)."""

from datetime import timedelta

import pytest
from built_models import Build, Built
from event_log import TRACKER, EventLog, Issue, at

WANTED = ("+mart_data_quality",)

NOW = at("06-30T12")
Count = tuple[int, int, str | None]
"""Failed, looked at, keys of those that fail."""


def quality(built: Built, rule: str) -> dict[str, Count]:
    rows = built.rows("mart.mart_data_quality", f"rule = '{rule}'")
    return {row["scope"]: (row["failed"], row["total"], row["sample_keys"]) for row in rows}


def waits(log: EventLog, blocked: Issue, blocker: Issue | str, confidence: float = 1.0) -> None:
    """``blocked`` waits for the other one, which nobody can see if it is only a key."""
    is_seen = isinstance(blocker, Issue)
    log.add("issue_link", seen_from_id=blocked.issue_id, link_ref=f"{blocked.key}-{len(log.tables['issue_link'])}",
            blocker_issue_id=blocker.issue_id if is_seen else None, blocker_ref=None if is_seen else blocker,
            blocked_issue_id=blocked.issue_id, edge_type="blocks", provenance="jira_link", confidence=confidence)


def test_dependencies_on_what_nobody_can_see(build_models: Build) -> None:
    log = EventLog()
    log.project("WEB")
    seen, waiting, other = log.issue("PAY-1"), log.issue("PAY-2"), log.issue("WEB-1", project="WEB")
    waits(log, waiting, seen)
    waits(log, waiting, "SECRET-7")
    waits(log, waiting, "RUMOUR-1", confidence=0.2)  # hardly a dependency at all
    waits(log, other, seen)
    built = build_models(log, as_of=NOW)
    assert quality(built, "dependency_on_unknown") == {
        "acme:PAY": (1, 2, "SECRET-7 > PAY-2"), "acme:WEB": (0, 1, None)}


def test_dependencies_that_run_in_a_circle(build_models: Build) -> None:
    log = EventLog()
    one, two, three, four = (log.issue(f"PAY-{number}") for number in range(1, 5))
    waits(log, two, one)
    waits(log, one, two)
    waits(log, three, two)
    waits(log, four, four)
    built = build_models(log, as_of=NOW)
    assert quality(built, "dependency_cycle") == {"acme:PAY": (3, 4, "PAY-1, PAY-2, PAY-4")}


def test_closed_months_that_tell_less_than_they_did(build_models: Build) -> None:
    """Opened again in the same month nobody was told wrong; by the local calendar, and however it was lost."""
    log = EventLog()
    log.program("P", ["PAY"], timezone="America/New_York")
    log.issue("KEPT").move("03-05", "done")
    log.issue("SAME-MONTH").move("03-05", "done").move("03-20", "doing").move("04-02", "done")
    log.issue("SAME-LOCAL-MONTH").move("03-05", "done").move("04-01T02", "doing")
    log.issue("REOPENED").move("03-05", "done").move("04-05", "doing").move("04-06", "done")
    log.issue("DELETED", is_deleted=True, deleted_observed_at=at("05-02")).move("03-05", "done")
    log.issue("DROPPED-SOON", is_deleted=True, deleted_observed_at=at("03-09")).move("03-05", "done")
    log.issue("NEVER-DONE").move("03-05", "doing")
    built = build_models(log, as_of=NOW)
    assert quality(built, "restated_history") == {"acme:PAY": (2, 6, "DELETED, REOPENED")}


def test_what_was_finished_without_being_started(build_models: Build) -> None:
    log = EventLog()
    log.issue("WORKED").move("03-05", "doing").move("03-06", "done")
    log.issue("SKIPPED").move("03-06", "done")
    log.issue("OPEN")
    log.issue("GONE", is_deleted=True, deleted_observed_at=at("03-09")).move("03-05", "done")
    built = build_models(log, as_of=NOW)
    assert quality(built, "finished_without_start") == {"acme:PAY": (1, 2, "SKIPPED")}


def test_accounts_that_may_be_the_same_human(build_models: Build) -> None:
    log = EventLog()
    people = {
        "ada": ("Ada L", "e1", False), "ada-2": ("Countess", "e1", False),  # one address
        "bob": ("Bob", None, False), "bob-2": (" bob ", "e2", False),  # one name
        "eve": ("Eve", "e3", False), "eve-2": ("Eve", "e4", False),  # told to be one human
        "ci": ("Bob", None, True),  # a machine
        "hidden-1": (None, None, False), "hidden-2": (None, None, False),  # nothing is known
        "left": ("Ada L", None, False),
    }
    for account, (name, email, is_bot) in people.items():
        log.add("person", person_id=f"jira:{TRACKER}:user:{account}", account_ref=account, display_name=name,
                email_sha256=email, is_bot=is_bot, is_active=account != "left")
    for account in ("eve", "eve-2"):
        log.add("person_identity", account_ref=f"{TRACKER}:{account}", canonical_person_id="person:eve",
                canonical_name="Eve", source="config")
    built = build_models(log, as_of=NOW)
    assert quality(built, "duplicate_identity") == {TRACKER: (4, 8, "ada, ada-2, bob, bob-2")}


@pytest.mark.parametrize(("hours", "is_stale"), [(24, False), (25, True), (None, True)])
def test_projects_that_were_not_read_for_a_day(build_models: Build, hours: int | None, is_stale: bool) -> None:
    log = EventLog()
    log.add("project", project_id="jira:acme:project:OLD", container_type="jira_project", project_key="OLD",
            is_archived=True)
    log.add("project", project_id="jira:acme:project:SHUT", container_type="jira_project", project_key="SHUT",
            is_readable=False, skip_reason="forbidden")
    if hours is not None:
        begin = NOW - timedelta(hours=hours)
        log.readings.append({"tracker": TRACKER, "project": "PAY", "stream": "issues", "run_id": "1", "status": "ok",
                             "started_at": begin, "ended_at": begin})
    built = build_models(log, as_of=NOW)
    assert quality(built, "stale_sync") == {"acme:PAY": (int(is_stale), 1, "PAY" if is_stale else None)}

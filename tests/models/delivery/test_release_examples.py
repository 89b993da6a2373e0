"""Releases from day to day: example F8 of METRICS.md section 3.5, and what is forecast of them."""

from datetime import datetime, timedelta

import pytest
from built_models import Build, Built
from event_log import TRACKER, EventLog, at

WANTED = ("+mart_release_progress",)

PROGRESS = "mart.mart_release_progress"
FORECAST = "mart.mart_delivery_forecast"


def version(log: EventLog, name: str, **columns: object) -> str:
    version_id = f"jira:{TRACKER}:version:{name}"
    row = {"kind": "jira_version", "released": False, "archived": False, **columns}
    log.add("release_version", version_id=version_id, project_id=f"jira:{TRACKER}:project:PAY", name=name, **row)
    return version_id


def days(built: Built, version_id: str, *names: str) -> dict[str, tuple[object, ...]]:
    rows = sorted(built.rows(PROGRESS, f"version_id = '{version_id}'"), key=lambda row: row["date"])
    return {str(row["date"]): tuple(row[name] for name in names) for row in rows}


def test_f8_burn_up(build_models: Build) -> None:
    log = EventLog()
    v = version(log, "v1")
    a = log.issue("A", 5, created=at("03-01T08")).set("fix_version", "03-01T09", v)
    b = log.issue("B", 3, created=at("03-01T08")).set("fix_version", "03-01T09", v)
    c = log.issue("C", 8, created=at("03-01T08")).set("fix_version", "03-02T09", v)
    a.move("03-03T09", "done")
    b.set("fix_version", "03-04T09", None)
    c.move("03-05T09", "done")
    early = days(build_models(log, as_of=at("03-05T08")), v, "scope_points", "done_points")
    a.set("fix_version", "03-05T12", None)
    built = build_models(log, as_of=at("03-06T12"))
    found = days(built, v, "scope_points", "done_points")
    assert list(found.values()) == [(8, 0), (16, 0), (16, 5), (13, 5), (8, 8)]
    assert {day: found[day] for day in early} == early  # what leaves later stays in the days before
    assert list(days(built, v, "scope_count", "done_count", "done_share").values())[-1] == (1, 1, 1.0)


def test_only_what_was_done_by_then_counts(build_models: Build) -> None:
    """Estimates and reopenings count from their day; what is dropped leaves; epics and sub-tasks never count."""
    log = EventLog()
    v = version(log, "v1", released=True, released_at=at("03-07T12"), release_date=at("03-07").date())
    one = log.issue("one", created=at("03-01")).set("fix_version", "03-01T09", v).estimate("03-03T09", 3)
    one.move("03-02T09", "done").move("03-04T09", "doing").move("03-05T09", "done")
    log.issue("dropped", 2, created=at("03-01")).set("fix_version", "03-01T09", v).move("03-03T09", "done", "Won't Do")
    log.issue("epic", 9, kind="epic", created=at("03-01")).set("fix_version", "03-01T09", v)
    log.issue("sub", 9, kind="subtask", created=at("03-01")).set("fix_version", "03-01T09", v)
    built = build_models(log, as_of=at("03-12T12"))
    names = ("scope_count", "done_count", "unestimated_count", "scope_points", "done_points")
    assert list(days(built, v, *names).values()) == [
        (2, 0, 1, 2, 0), (2, 1, 1, 2, 0), (1, 1, 0, 3, 3), (1, 0, 0, 3, 0), (1, 1, 0, 3, 3), (1, 1, 0, 3, 3),
        (1, 1, 0, 3, 3),
    ]
    assert built.one(PROGRESS, "is_latest")["status"] is None  # released: nothing to forecast


@pytest.mark.parametrize(("due", "status"), [
    (4, "red"), (5, "green"), (None, "grey"),
])
def test_a_release_is_as_green_as_its_forecast(build_models: Build, due: int | None, status: str) -> None:
    """One a day for months: the five that are open take five days, and not one less."""
    log = EventLog()
    now = datetime.fromisoformat("2026-06-30T12:00:00+00:00")
    target = None if due is None else (now + timedelta(days=due)).date()
    v = version(log, "v1", release_date=target)
    epic = log.issue("E", kind="epic", created=at("02-21"))
    for number in range(95):
        issue = log.issue(f"S-{number}", created=at("02-21")).set("fix_version", "02-22", v)
        issue.set("parent", "02-22", epic.issue_id)
        if number < 90:
            issue.move(now - timedelta(days=90 - number, hours=3), "doing")
            issue.move(now - timedelta(days=90 - number), "done")
    built = build_models(log, as_of=now)
    row = built.one(PROGRESS, "is_latest")
    assert (row["status"], row["scope_count"], row["done_count"], row["verdict"]) == (status, 95, 90, "insufficient")
    assert {row["p50_date"], row["p85_date"]} == {(now + timedelta(days=5)).date()}
    told = {
        (row["scope_type"], row["value_days"], row["value_count"], row["sample_days"], row["remaining_count"])
        for row in built.rows(FORECAST, "percentile = 0.85 and coalesce(horizon_days, 14) = 14")
    }
    assert told == {
        (scope, *answer, 84, 5)
        for scope in ("project", "program", "release", "epic") for answer in ((5, None), (None, 14))
    }


def test_a_thin_release_has_no_forecast(build_models: Build) -> None:
    log = EventLog()
    v = version(log, "v1", release_date=at("12-24").date())
    for number in range(5):
        issue = log.issue(f"S-{number}").set("fix_version", "02-22", v)
        if number < 3:
            issue.move("11-10", "done")
    built = build_models(log)
    row = built.one(PROGRESS, "is_latest")
    assert (row["status"], row["p85_date"], row["done_share"]) == ("grey", None, 0.6)
    refused = built.rows(FORECAST, "scope_type = 'release'")
    assert {(row["status"], row["reason"]) for row in refused} == {
        ("insufficient_data", "3 items delivered in 84 days, at least 10 are needed")}
    assert all(row["verdict"] == "insufficient" for row in refused)


def test_what_was_done_elsewhere_is_not_delivered_again(build_models: Build) -> None:
    """Moved after it was done, it stays delivered where it was; a release that it joins has it done from then on."""
    log = EventLog()
    new = log.project("WEB")
    v = version(log, "v1")
    log.issue("PAY-1").move("11-02", "done").set("project", "11-04", new).set("fix_version", "11-06T12", v)
    rows = build_models(log).rows("int.int_forecast_daily", "delivered_count > 0")
    assert {(row["scope_type"], row["scope_id"], str(row["date"])) for row in rows} == {
        ("project", f"jira:{TRACKER}:project:PAY", "2026-11-02"), ("program", "program:(unassigned)", "2026-11-02"),
        ("release", v, "2026-11-06"),
    }

"""Invariants 10 to 12 and 14 of METRICS.md section 7 on random histories, and percentiles against enumeration."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from math import ceil

import pytest
from built_models import Build, Built
from event_log import CATEGORIES, EventLog, at, status_id
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WANTED = ("+fct_issue_cycle_time", "+mart_flow_metrics_daily", "+mart_cfd")

pytestmark = pytest.mark.slow

START, HOURS = at("03-01"), 30 * 24
AS_OF = at("03-31T12")
FLOW, CYCLE, CFD = "mart.mart_flow_metrics_daily", "mart.fct_issue_cycle_time", "mart.mart_cfd"
STATUSES = ("todo", "doing", "review", "done", "wontdo")

moves = st.lists(
    st.tuples(st.integers(1, HOURS), st.sampled_from((*STATUSES, "move"))), max_size=7, unique_by=lambda move: move[0]
)
histories = st.lists(st.tuples(st.integers(0, HOURS // 2), moves), min_size=12, max_size=24)


def told(histories: list[tuple[int, list[tuple[int, str]]]], shift: timedelta = timedelta(0)) -> EventLog:
    """Two projects of one program; issues move between statuses and now and then to the other project."""
    log = EventLog()
    projects = ("PAY", "WEB")
    log.project("WEB")
    log.program("PAYMENTS", projects)
    for number in range(60):
        day = (START + timedelta(days=number - 5)).date()
        log.add("calendar_day", calendar_id="default", date=day, is_working=day.weekday() < 5,
                working_seconds=28800 if day.weekday() < 5 else 0, source="config")
    for number, (created, steps) in enumerate(histories):
        home = number % 2
        issue = log.issue(f"I-{number}", created=START + timedelta(hours=created) - shift, project=projects[home])
        for hour, step in sorted(steps):
            when = START + timedelta(hours=hour)
            if when <= START + timedelta(hours=created):
                continue
            if step == "move":
                home = 1 - home
                issue.set("project", when, f"jira:acme:project:{projects[home]}")
            elif issue.now["status"] != status_id(step):
                issue.move(when, step)
    return log


def by_scope(built: Built, table: str) -> dict[tuple[str, date], list[dict[str, object]]]:
    found: dict[tuple[str, date], list[dict[str, object]]] = defaultdict(list)
    for row in built.rows(table, f"date >= date '{START.date()}'"):
        found[row["scope_id"], row["date"]].append(row)
    return found


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_flow_keeps_its_invariants(
    build_models: Build, histories: list[tuple[int, list[tuple[int, str]]]]
) -> None:
    log = told(histories)
    built = build_models(log, as_of=AS_OF, metrics={"flow": {"history_days": 40, "min_sample": 1}})
    clocks_add_up(built)
    series_are_nested_and_add_up(built)
    projects_make_the_program(built)
    percentiles_are_those_of_the_sample(built)
    days_are_recounted(built, log)


def clocks_add_up(built: Built) -> None:
    """Invariant 10."""
    for row in built.rows(CYCLE, "finished_at is not null"):
        assert row["lead_time_s"] >= row["cycle_time_s"] >= 0
        assert row["active_time_s"] + row["wait_time_s"] + row["reopen_gap_s"] == row["cycle_time_s"]
        assert 0 <= row["business_cycle_s"] <= row["cycle_time_s"]


def series_are_nested_and_add_up(built: Built) -> None:
    """Invariant 11."""
    before: dict[tuple[str, str], int] = {}
    for (scope, _), rows in sorted(by_scope(built, CFD).items(), key=lambda item: item[0][1]):
        stage = {row["stage"]: row for row in rows}
        entered = [stage[name]["cum_entered"] for name in ("todo", "in_progress", "done")]
        assert entered == sorted(entered, reverse=True)
        for name, row in stage.items():
            assert row["cum_entered"] >= before.get((scope, name), 0)
            assert row["stock"] >= 0
            before[scope, name] = row["cum_entered"]


def days_are_recounted(built: Built, log: EventLog) -> None:
    """Every day's stocks, from the history itself, one issue at a time."""
    program = {day: rows for (scope, day), rows in by_scope(built, CFD).items() if scope == "program:PAYMENTS"}
    for day, rows in program.items():
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), AS_OF.tzinfo)
        expected: dict[str, int] = defaultdict(int)
        for issue in log.issues.values():
            if issue.created_at < end:
                statuses = [change.after for change in issue.history
                            if change.field == "status" and change.occurred_at < end]
                expected[CATEGORIES[(statuses or [status_id("todo")])[-1].rpartition(":")[2]]] += 1
        assert {row["stage"]: row["stock"] for row in rows if row["stock"]} == dict(expected)


def projects_make_the_program(built: Built) -> None:
    """Invariant 12, and that weeks are made of days."""
    rows = by_scope(built, FLOW)
    days = sorted({day for _, day in rows})
    for name in ("throughput_1d", "wip", "created_1d"):
        for day in days:
            of_projects = sum(rows[f"jira:acme:project:{key}", day][0][name] for key in ("PAY", "WEB")
                              if rows.get((f"jira:acme:project:{key}", day)))
            assert of_projects == rows["program:PAYMENTS", day][0][name], (name, day)
    for index, day in enumerate(days[6:], start=6):
        week = sum(rows["program:PAYMENTS", one][0]["throughput_1d"] for one in days[index - 6 : index + 1])
        assert week == rows["program:PAYMENTS", day][0]["throughput_7d"]


def percentiles_are_those_of_the_sample(built: Built) -> None:
    """Invariant 14 and METRICS.md 3.2: the value at rank ceil(p·n), and the interpolated one."""
    row = built.one(FLOW, "scope_id = 'program:PAYMENTS' and date = date '2026-03-30'")
    sample = sorted(
        one["cycle_time_s"] for one in built.rows(CYCLE, "is_in_flow_scope") if one["finished_at"] < at("03-31"))
    assert row["cycle_sample_count"] == len(sample)
    if sample:
        for percent in (50, 85, 95):
            place = percent / 100 * (len(sample) - 1)
            below, above = sample[int(place)], sample[ceil(place)]
            assert row[f"cycle_time_p{percent}_s"] == sample[max(ceil(percent * len(sample) / 100) - 1, 0)]
            assert row[f"cycle_time_p{percent}_cont_s"] == pytest.approx(below + (above - below) * (place % 1))
        assert row["cycle_time_p50_s"] <= row["cycle_time_p85_s"] <= row["cycle_time_p95_s"]


def test_percentiles_move_with_the_sample(build_models: Build) -> None:
    """Invariant 14: a day more for everything is a day more for each percentile."""
    figures = []
    for extra in (0, 1):
        log = EventLog()
        for number in range(20):
            end = at("03-20") + timedelta(hours=number)
            log.issue(f"I-{number}").move(end - timedelta(hours=5 * number * number % 97, days=extra), "doing").move(
                end, "done")
        row = build_models(log, as_of=AS_OF).one(FLOW, "scope_type = 'program' and date = date '2026-03-30'")
        figures.append([row[f"cycle_time_p{p}_{kind}"] for p in (50, 85, 95) for kind in ("s", "cont_s")])
    assert figures[1] == pytest.approx([value + 86400 for value in figures[0]])

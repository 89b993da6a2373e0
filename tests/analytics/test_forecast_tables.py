"""Forecasts as tables: what they rest on, when they are refused, and what stands beside them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from forecast_scopes import TODAY, part, scope

from itpm_pipeline.analytics.forecast.calibration import Verdict
from itpm_pipeline.analytics.forecast.reading import read_scopes
from itpm_pipeline.analytics.forecast.scope import Basis, Refusal, Scope, basis
from itpm_pipeline.analytics.forecast.tables import calibration_table, forecast_table, read_finishes, read_judgement
from itpm_pipeline.metric_settings import ForecastSettings

AS_OF = datetime(2026, 11, 16, 8, tzinfo=UTC)
FAST = ForecastSettings(trials=1000)
NETWORK = {("program", "program-1", 0.85): TODAY + timedelta(99)}
STEADY = [0, 1, 1, 2, 0, 3, 0] * 64


class Table:
    """A relation as a Python model gets it."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def arrow(self) -> pa.Table:
        return self._table


def forecast(*scopes: Scope, settings: ForecastSettings = FAST) -> list[dict[str, Any]]:
    judged = calibration_table(scopes, settings, AS_OF, "v1")
    return forecast_table(scopes, read_judgement(Table(judged)), NETWORK, settings, AS_OF, "v1").to_pylist()


def pick(rows: Sequence[dict[str, Any]], kind: str, p: float, horizon: int | None = None) -> dict[str, Any]:
    (row,) = [
        row for row in rows if (row["kind"], row["percentile"]) == (kind, p) and horizon in (None, row["horizon_days"])
    ]
    return row


def test_every_forecast_has_a_verdict_and_its_seed() -> None:
    rows = forecast(scope(part(STEADY, 30)))
    assert len(rows) == 8
    for row in rows:
        assert row["status"] == "ok"
        assert row["verdict"] in set(Verdict)
        assert row["calibration_origin_count"] >= 20
        assert row["seed_entropy"].split(",")[0] == "20260101"
        assert row["seed_entropy"].split(",")[2] == str(TODAY.toordinal())
        assert (row["trial_count"], row["sample_days"], row["sample_items"]) == (1000, 84, 84)
        assert (row["sample_first_date"], row["sample_last_date"]) == (TODAY - timedelta(84), TODAY - timedelta(1))
    seeds = {row["kind"]: row["seed_entropy"] for row in rows}
    assert seeds["when"] != seeds["many"]
    days = [pick(rows, "when", p)["value_days"] for p in FAST.percentiles]
    assert [pick(rows, "when", p)["value_date"] for p in FAST.percentiles] == [TODAY + timedelta(day) for day in days]


def test_whoever_promised_too_much_is_not_believed_elsewhere() -> None:
    """Half of the pace is lost: the days promised did not hold; how many is too seldom wrong to be judged by itself."""
    halved = scope(part([2, 4] * 149 + [1, 2] * 75, 150))
    rows = forecast(halved, scope(part([1] * 448, 30), kind="project"))
    team = [row for row in rows if row["scope_type"] == "team"]
    assert {row["effective_verdict"] for row in team} == {Verdict.OVERCONFIDENT}
    assert pick(team, "when", 0.85)["verdict"] == Verdict.OVERCONFIDENT
    assert pick(team, "many", 0.85)["verdict"] == Verdict.CONSISTENT
    project = [row for row in rows if row["scope_type"] == "project"]
    assert all(row["effective_verdict"] == row["verdict"] for row in project)
    assert {row["verdict"] for row in project} == {Verdict.CONSISTENT, Verdict.UNDERCONFIDENT}


def test_running_again_gives_the_same_table_to_the_byte() -> None:
    scopes = [scope(part(STEADY, 30)), scope(part(STEADY, 9), kind="project", target=TODAY + timedelta(30))]

    def written() -> bytes:
        judged = calibration_table(scopes, FAST, AS_OF, "v1")
        table = forecast_table(scopes, read_judgement(Table(judged)), NETWORK, FAST, AS_OF, "v1")
        sink = pa.BufferOutputStream()
        for one in (judged, table):
            with pa.ipc.new_stream(sink, one.schema) as stream:
                stream.write_table(one)
        return bytes(sink.getvalue())

    assert written() == written()


@pytest.mark.parametrize(("history", "first", "reason"), [
    ([0] * 448, 0, "0 items delivered in 84 days, at least 10 are needed"),
    (([0] * 39 + [1]) * 11, 0, "3 items delivered in 84 days, at least 10 are needed"),
    (STEADY, 421, "27 days of history, at least 28 are needed"),
])
def test_a_thin_history_is_refused(history: list[int], first: int, reason: str) -> None:
    """Example M4: nothing delivered is no basis for anything."""
    for row in forecast(scope(part(history, 5, first=first))):
        assert (row["status"], row["reason"]) == ("insufficient_data", reason)
        answers = ("value_days", "value_date", "value_count", "seed_entropy", "is_censored", "probability_by_target")
        assert {row[name] for name in answers} == {None}


def test_nothing_left_needs_no_history() -> None:
    rows = forecast(scope(part([0] * 448, 0), target=TODAY + timedelta(1)))
    row = pick(rows, "when", 0.85)
    assert (row["status"], row["value_days"], row["value_date"]) == ("nothing_left", 0, TODAY)
    assert row["probability_by_target"] == 1.0
    assert pick(rows, "many", 0.85, 14)["status"] == "insufficient_data"
    late = forecast(scope(part(STEADY, 0), target=TODAY - timedelta(1)))
    assert pick(late, "when", 0.85)["probability_by_target"] is None  # whether in time, nobody asked


def test_the_target_has_a_probability_and_a_count() -> None:
    rows = forecast(scope(part([1] * 448, 10), target=TODAY + timedelta(9)))
    assert pick(rows, "when", 0.5)["probability_by_target"] == 0.0
    assert pick(rows, "many", 0.5, 9)["value_count"] == 9
    rows = forecast(scope(part([1] * 448, 10), target=TODAY + timedelta(10)))
    assert pick(rows, "when", 0.5)["probability_by_target"] == 1.0
    assert {row["horizon_days"] for row in rows if row["kind"] == "many"} == {10, 14}
    assert pick(forecast(scope(part([1] * 448, 1), target=TODAY - timedelta(1))), "when", 0.5)[
        "probability_by_target"] == 0.0


def test_beyond_the_cap_there_is_no_date() -> None:
    row = pick(forecast(scope(part(STEADY, 5000))), "when", 0.5)
    assert (row["status"], row["is_censored"], row["value_days"], row["value_date"]) == ("ok", True, None, None)


def test_releases_and_epics_are_judged_by_their_project() -> None:
    project = scope(part(STEADY, 30), kind="project")
    release = Scope("release", "r", TODAY, None, ("project", "project-1"), project.past, project.coming, project.parts)
    orphan = Scope("epic", "e", TODAY, None, ("project", "gone"), project.past, project.coming, project.parts)
    rows = forecast(project, release, orphan)
    verdicts = {row["scope_type"]: row["verdict"] for row in rows if (row["kind"], row["percentile"]) == ("many", 0.5)}
    assert verdicts["release"] == verdicts["project"]
    assert verdicts["epic"] == Verdict.INSUFFICIENT
    assert {row["scope_type"] for row in calibration_table([project, release], FAST, AS_OF, "v").to_pylist()} == {
        "project"}


def test_teams_of_a_program_are_simulated_side_by_side() -> None:
    """The slower team decides when; both together how many. Alone, each would be done earlier at 85 %."""
    fast, slow = part([2] * 448, 20, name="fast"), part([1] * 448, 30, name="slow")
    rows = forecast(scope(fast, slow, kind="program"))
    assert pick(rows, "when", 0.85)["value_days"] == 30
    assert pick(rows, "many", 0.85, 14)["value_count"] == 42
    alike = [part(STEADY, 30, name=name) for name in ("a", "b", "c")]
    together = pick(forecast(scope(*alike, kind="program")), "when", 0.85)
    assert together["stream_count"] == 3
    assert together["value_days"] > pick(forecast(scope(alike[0])), "when", 0.85)["value_days"]


def test_the_finish_by_dependencies_stands_beside_the_other() -> None:
    rows = forecast(scope(part(STEADY, 9), kind="program"), scope(part(STEADY, 9)))
    told = {(row["scope_type"], row["kind"], row["percentile"]): row["dependency_date"] for row in rows}
    assert told["program", "when", 0.85] == TODAY + timedelta(99)
    assert {day for place, day in told.items() if place != ("program", "when", 0.85)} == {None}


def test_the_critical_path_tells_of_two_percentiles() -> None:
    paths = pa.table({"scope_type": ["release"], "scope_id": ["r"], "scope_p50_date": [TODAY],
                      "scope_p85_date": [TODAY + timedelta(3)]})
    assert read_finishes(Table(paths)) == {("release", "r", 0.5): TODAY, ("release", "r", 0.85): TODAY + timedelta(3)}


def test_teams_with_thin_histories_are_joined() -> None:
    """Neither of the small teams could be forecast; together they can, or the next larger one takes them in."""
    little = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] * 32
    small = [part(little, 2, name=name) for name in ("x", "y")]
    steady, strong = part(STEADY, 5, name="steady"), part([5] * 448, 5, name="strong")

    def streams(*parts: Any) -> list[tuple[str, int]]:
        known = basis(scope(*parts, kind="program"), 448, FAST)
        assert isinstance(known, Basis)
        return [(one.name, stream.remaining) for one, stream in zip(known.parts, known.streams, strict=True)]

    assert streams(steady, strong, small[0], small[1]) == [("steady", 5), ("strong", 5), ("x + y", 4)]
    assert streams(steady, strong, small[0]) == [("strong", 5), ("x + steady", 7)]
    assert streams(steady, part([0] * 448, 0, name="idle")) == [("steady", 5)]
    assert isinstance(basis(scope(small[0], kind="program"), 448, FAST), Refusal)


def test_what_no_team_has_taken_yet_is_shared_by_pace() -> None:
    """Ten items nobody has taken: teams that deliver two and one a day take seven and three of them."""
    fast, slow = part([2] * 448, 1, name="fast"), part([1] * 448, 1, name="slow")
    backlog = part([0] * 448, 10, name="(no team)")

    def remaining(*parts: Any) -> list[int]:
        known = basis(scope(*parts, kind="program"), 448, FAST)
        assert isinstance(known, Basis)
        return [stream.remaining for stream in known.streams]

    assert remaining(fast, slow, backlog) == [8, 4]
    assert remaining(fast, slow, part([1] * 448, 10, name="(no team)")) == [10, 1, 1]  # a team in all but name
    few = basis(scope(fast, slow, part([0] * 447 + [4], 10, name="(no team)"), kind="program"), 448, FAST)
    assert isinstance(few, Basis)
    assert ([stream.remaining for stream in few.streams], few.items) == ([4, 8], 84 * 3 + 4)
    assert isinstance(basis(scope(backlog, kind="program"), 448, FAST), Refusal)
    assert isinstance(basis(scope(backlog, part([0] * 448, 0), kind="program"), 448, FAST), Refusal)


# --- From tables


def tables(*changes: tuple[str, str, int, int]) -> tuple[Table, Table, Table]:
    """One project with changes (part, day, delivered, open), and a calendar without weekends."""
    scopes = pa.table({
        "scope_type": ["program"], "scope_id": ["p"], "today": [TODAY], "first_date": [TODAY - timedelta(449)],
        "target_date": pa.array([None], pa.date32()), "calendar_id": ["default"],
        "calibration_scope_type": ["program"], "calibration_scope_id": ["p"],
    })
    daily = pa.table({
        "scope_type": ["program"] * len(changes), "scope_id": ["p"] * len(changes),
        "part_id": [change[0] for change in changes], "date": [date.fromisoformat(change[1]) for change in changes],
        "delivered_count": [change[2] for change in changes], "open_change": [change[3] for change in changes],
    })
    days = [date(2025, 1, 1) + timedelta(number) for number in range(1200)]
    calendar = pa.table({
        "calendar_id": ["default"] * len(days), "date": days, "is_working": [day.weekday() < 5 for day in days],
    })
    return Table(scopes), Table(daily), Table(calendar)


CHANGES = (
    ("a", "2025-08-23", 3, 7),  # the day before the first: all that was before
    ("a", "2026-11-10", 2, -2),
    ("a", "2026-11-15", 1, -1),  # a Sunday, and yesterday
    ("a", "2026-11-16", 1, -1),  # today
    ("b", "2026-11-12", 0, 4),
)


def test_days_are_filled_in_and_what_was_before_is_stock() -> None:
    (found,) = read_scopes(*tables(*CHANGES), FAST)
    first, second = found.parts
    assert len(found.past) == len(first.delivered) == 449
    assert first.delivered.sum() == 3
    assert (first.delivered[-6], first.delivered[-1]) == (2, 1)
    assert (first.open_items[0], first.open_items[-6], first.open_items[-1], first.remaining) == (7, 5, 4, 3)
    assert (first.first, second.first, second.remaining) == (0, 445, 4)
    assert found.day_after(1) == TODAY + timedelta(1)


def test_working_days_only() -> None:
    """The Sunday's delivery counts on the Friday before; the horizon and the date count working days."""
    (found,) = read_scopes(*tables(*CHANGES), FAST.model_copy(update={"working_days_only": True}))
    assert {day.astype(date).weekday() for day in found.past} == set(range(5))
    assert found.parts[0].delivered[-1] == 1
    assert found.parts[0].delivered.sum() == 3
    assert found.day_after(5) == date(2026, 11, 23)
    assert found.days_until(date(2026, 11, 22)) == 4
    weekdays = np.array([1 if day.astype(date).weekday() < 5 else 0 for day in np.arange(
        np.datetime64(TODAY - timedelta(449)), np.datetime64(TODAY))])
    steady = Scope("team", "t", TODAY, None, ("team", "t"), found.past, found.coming,
                   (part(np.ones(weekdays.sum(), dtype=int), 10),))
    row = pick(forecast(steady, settings=FAST.model_copy(update={"working_days_only": True})), "when", 0.95)
    assert (row["value_days"], row["value_date"], row["sample_days"]) == (10, date(2026, 11, 30), 60)

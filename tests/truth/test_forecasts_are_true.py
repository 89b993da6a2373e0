"""Forecasts of the simulated company: what they rest on is what happened, and none stands without a verdict."""

from collections import defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

from whole_pipeline import Published


def test_samples_are_what_was_delivered(published: Published) -> None:
    """Recounted from the truth, per project: deliveries in the 84 local days before today, and what is open."""
    finished = {published.issue_id(key): at for key, at in published.company.truth.finished_at.items()}
    delivered: dict[str, int] = defaultdict(int)
    remaining: dict[str, int] = defaultdict(int)
    for row in published.rows(
        "select cycle.issue_id, cycle.project_id, cycle.is_in_flow_scope, cycle.hierarchy_level, cycle.as_of, "
        "scope.timezone from mart.fct_issue_cycle_time as cycle "
        "inner join int.int_forecast_scope as scope on cycle.project_id = scope.scope_id"
    ):
        at, zone = finished.get(row["issue_id"]), ZoneInfo(row["timezone"])
        if at is None:
            remaining[row["project_id"]] += (row["hierarchy_level"] or 0) == 0
        elif row["is_in_flow_scope"]:
            age = row["as_of"].astimezone(zone).date() - at.astimezone(zone).date()
            delivered[row["project_id"]] += timedelta(0) < age <= timedelta(days=84)
    told = published.rows(
        "select distinct scope_id, sample_items, remaining_count from mart.mart_delivery_forecast "
        "where scope_type = 'project' and kind = 'when'"
    )
    assert {row["scope_id"]: (row["sample_items"], row["remaining_count"]) for row in told} == {
        row["scope_id"]: (delivered[row["scope_id"]], remaining[row["scope_id"]]) for row in told
    }
    assert sum(delivered.values()) > 100


def test_every_forecast_is_dated_judged_and_repeatable(published: Published) -> None:
    rows = published.rows("select * from mart.mart_delivery_forecast")
    assert {row["scope_type"] for row in rows} == {"team", "project", "program", "release", "epic"}
    assert all(row["verdict"] for row in rows)
    for row in rows:
        numbers = (row["value_days"], row["value_date"], row["value_count"])
        assert (row["status"] == "insufficient_data") <= (numbers == (None, None, None))
        if row["value_date"] is not None:
            assert row["sample_last_date"] is None or row["sample_last_date"] < row["value_date"]


def test_teams_that_go_on_as_before_get_what_was_promised(published: Published) -> None:
    """All back-tests of all teams together: forecasts of 85 % held in 80 % and more of them."""
    (row,) = published.rows(
        "select sum(origin_count) as n, sum(hit_count) as hits from mart.mart_forecast_calibration "
        "where scope_type = 'team' and kind = 'many' and percentile = 0.85")
    assert row["n"] > 80
    assert row["hits"] / row["n"] >= 0.80

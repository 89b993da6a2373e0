"""Sprints of the archive are measured to their real end, however late that was (METRICS.md T10)."""

import pandas as pd
import pytest
from archive_recount import _sprints

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.xdist_group("jira_archive")]

DAY = 86400


def test_sprints_that_closed_more_than_a_day_late_are_told(told, archive, record_property):
    sprints = {one["id"]: one for issue in archive.raw for one in _sprints(issue["fields"])}
    frame = pd.DataFrame([one for one in sprints.values() if one["state"] == "closed"]).set_index("id")
    start, planned, real = (
        pd.to_datetime(frame[name], utc=True, format="ISO8601") for name in ("startDate", "endDate", "completeDate")
    )
    late = (real - planned).dt.total_seconds()
    rows = told.station.rows(
        "select cast(split_part(sprint_id, ':', 4) as int) as id, actual_seconds, is_closed_late, end_provenance,"
        " actual_seconds - planned_seconds as late_seconds from mart.dim_sprint where state = 'closed'"
    )
    ours = pd.DataFrame(rows).set_index("id").sort_index()
    shared = ours.index.intersection(frame.index)
    assert len(ours) == 374
    assert set(ours["end_provenance"]) == {"completed"}
    expected = (real - start).dt.total_seconds().loc[shared]
    assert ((ours.loc[shared, "actual_seconds"] - expected).abs() < 1).all()
    listed = set(ours.index[ours["late_seconds"] > DAY])
    assert {one for one in listed if one in shared} == set(late.index[late > DAY])
    assert ours.loc[sorted(listed), "is_closed_late"].all()
    record_property("sprints closed more than a day late", sorted(listed))
    assert len(listed) == 215

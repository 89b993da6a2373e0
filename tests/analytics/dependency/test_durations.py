"""Which history a duration comes from, and what is left of work in progress (METRICS.md section 4.4)."""

import pyarrow as pa
import pytest

from itpm_pipeline.analytics.columns import write
from itpm_pipeline.analytics.dependency.durations import SAMPLE, History, durations

ITEM = {
    "team_id": "T", "type": "story", "size_bucket": "up to 3", "project_id": "P", "program_id": "G",
    "estimate_points": None, "remaining_days": None, "age_days": None,
}  # fmt: skip


def samples(*rows: dict[str, object]) -> pa.Table:
    full = [{**dict.fromkeys(SAMPLE), "cohort": "story", **row} for row in rows]
    return write(SAMPLE, {name: [row[name] for row in full] for name in SAMPLE})


def cohort(days: range, **shared: str) -> list[dict[str, object]]:
    known = {"team_id": "T", "type": "story", "size_bucket": "up to 3", "project_id": "P", "program_id": "G"}
    return [{**known, "working_days": float(one), **shared} for one in days]


NEAR_TO_FAR = [
    ("team_type_size", {}), ("team_type", {"size_bucket": "over 8"}), ("project", {"type": "bug"}),
    ("program", {"type": "bug", "project_id": "Q"}), ("default", {"type": "bug", "project_id": "Q", "program_id": "H"}),
]  # fmt: skip


@pytest.mark.parametrize(("basis", "other"), NEAR_TO_FAR)
def test_the_nearest_history_with_enough_issues_counts(basis, other):
    history = History(samples(*cohort(range(1, 10)), *cohort(range(1, 11), **other)), 10)
    (found,) = durations([ITEM], history, 5.0)
    assert (found.basis, found.quantile(0.5)) == (basis, 5)


def test_percentiles_are_durations_that_were():
    (found,) = durations([ITEM], History(samples(*cohort(range(1, 11))), 10), 5.0)
    assert (found.quantile(0.5), found.quantile(0.85)) == (5, 9)


def test_points_take_the_teams_own_pace_and_time_estimates_come_first():
    told = [{"team_id": "T", "working_days": 2.0, "days_per_point": pace / 2} for pace in range(1, 11)]
    history = History(samples(*told), 10)
    by_points, by_time = durations(
        [{**ITEM, "estimate_points": 4.0}, {**ITEM, "estimate_points": 4.0, "remaining_days": 1.25}], history, 5.0
    )
    assert (by_points.basis, by_points.quantile(0.5), by_points.quantile(0.85)) == ("points", 10, 18)
    assert (by_time.basis, by_time.quantile(0.5), by_time.quantile(0.85)) == ("remaining_estimate", 1.25, 1.25)


def test_subtasks_say_nothing_of_projects_but_of_subtasks():
    told = cohort(range(1, 11), cohort="other", type="subtask")
    subtask, story = durations([{**ITEM, "type": "subtask"}, ITEM], History(samples(*told), 10), 5.0)
    assert (subtask.basis, story.basis) == ("team_type_size", "default")


@pytest.mark.parametrize(("age", "left"), [(None, 5), (0.0, 5), (2.0, 3), (4.75, 0.5), (90.0, 0.5)])
def test_work_in_progress_has_its_age_taken_off(age, left):
    (found,) = durations([{**ITEM, "age_days": age}], History(samples(*cohort(range(1, 11))), 10), 5.0)
    assert found.quantile(0.5) == left
    (told,) = durations([{**ITEM, "age_days": age, "remaining_days": 2.0}], History(samples(), 10), 5.0)
    assert told.quantile(0.5) == 2, "what is left of a time estimate has the time spent taken off already"

"""Cycle times by the published rules of jira-agile-metrics, worked out from the changelog alone, beside ours.

Its rules (calculators/cycletime.py, read in version 0d9f1a2): an issue goes through steps; entering a step notes the
instant unless one is noted already, and erases what is noted of later steps; the cycle time is from the note of the
first accepted step to that of the first complete one. That is ``cycle_time_reset_s``, with steps made of categories.
"""

from datetime import datetime

from whole_pipeline import Published

STEPS = ("todo", "in_progress", "done")


def by_their_rules(created: datetime, first: str, moves: list[tuple[datetime, str]]) -> int | None:
    """Seconds from accepted to complete; None where one of the notes is missing."""
    notes: dict[str, datetime] = {}
    for at, category in [(created, first), *moves]:
        if category not in STEPS:
            continue  # a status that is no step
        notes.setdefault(category, at)
        for later in STEPS[STEPS.index(category) + 1 :]:
            notes.pop(later, None)
    if "in_progress" not in notes or "done" not in notes:
        return None
    return int(notes["done"].timestamp()) - int(notes["in_progress"].timestamp())


def test_cycle_times_agree_but_for_skipped_work(published: Published) -> None:
    category = {row["status_id"]: row["category"] for row in published.rows("select * from core.status")}
    moves: dict[str, list[tuple[datetime, str, str]]] = {}
    for row in published.rows(
        "select * from core.issue_field_event where field = 'status' and source = 'jira' "
        "order by occurred_at, length(source_event_id), source_event_id, item_ordinal"
    ):
        moves.setdefault(row["issue_id"], []).append((row["occurred_at"], row["from_raw"], row["to_raw"]))
    issues = {row["issue_id"]: row for row in published.rows("select * from core.issue where source = 'jira'")}
    ours = {
        row["issue_id"]: row
        for row in published.rows("select * from mart.fct_issue_cycle_time where issue_id like 'jira:%'")
    }
    theirs, different = {}, {}
    for issue_id, row in ours.items():
        told = moves.get(issue_id, [])
        first = category[told[0][1] if told else issues[issue_id]["status_id"]]
        steps = [(at, category[after]) for at, _, after in told]
        theirs[issue_id] = by_their_rules(row["created_at"], first, steps)
        if theirs[issue_id] != row["cycle_time_reset_s"]:
            different[issue_id] = row
    assert sum(seconds is not None for seconds in theirs.values()) > 300
    # The only difference: what went from to do to done has no cycle time there, and one of 0 here.
    assert all(theirs[issue_id] is None and row["cycle_time_reset_s"] == 0 for issue_id, row in different.items())
    assert len(different) < 0.1 * len(ours)
    restarted = [row for row in ours.values() if row["cycle_time_s"] != row["cycle_time_reset_s"]]
    assert restarted, "the company has issues that moved back to to do and were begun again"

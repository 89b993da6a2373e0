"""Acceptance on 7,608 genuine issues: a Data Center site without changelogs, through the real commands.

Numbers are those of the archive; everything that can be counted straight from its files is.
"""

from collections import Counter

import pandas as pd
import pytest

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.xdist_group("jira_archive")]

PLACEHOLDERS = 1541
SPRINT = "cast(split_part(sprint_id, ':', 4) as int)"


def test_everything_arrives_and_nothing_is_rejected(told):
    station = told.station
    assert told.first["failed"] == 0
    assert {outcome["status"] for outcome in told.first["outcomes"]} == {"ok"}
    assert told.first["totals"]["rejected"] == 0
    assert station.number("select count(*) from ops.rejected_record") == 0
    assert station.number("select count(*) from core.issue") == 7608
    assert station.number("select count(*) from core.issue where estimate_points is not null") == 2687
    assert station.number("select count(*) from core.issue_sprint") == 9264
    states = station.rows("select state, count(*) as n from core.sprint group by state")
    assert {row["state"]: row["n"] for row in states} == {"closed": 374, "active": 1, "future": 2}
    assert station.number("select count(distinct project_key) from core.project") == 5


def test_requests_stay_few(told):
    """At most 16 requests per 1,000 issues, beside those for boards, sprints and catalogues."""
    of_issues = [one for one in told.first["outcomes"] if one["project"] != "_site"]
    assert sum(one["requests"] for one in of_issues) <= 16 * 7.608
    assert told.first["totals"]["retries"] == 0
    of_issues = [one for one in told.second["outcomes"] if one["project"] != "_site"]
    assert sum(one["requests"] for one in of_issues) <= 3 * 5, "an incremental sync asks each project what changed"


@pytest.mark.parametrize("run", ["second", "full"])
def test_syncing_again_changes_nothing(told, run):
    """Neither what changed since (nothing) nor reading all of it once more touches one row of core, int or mart."""
    report = getattr(told, run)
    assert sum(sum(counts.values()) for counts in report["rows"].values()) == 0
    assert report["totals"]["rejected"] == 0
    assert told.after_first["core.issue"][0] == 7608
    changed = {name for name, seen in told.after_first.items() if getattr(told, f"after_{run}")[name] != seen}
    assert changed == set()
    if run == "full":
        assert report["totals"]["fetched"] == told.first["totals"]["fetched"]


def test_every_link_is_an_edge(told, archive):
    station = told.station
    found = station.number("select count(distinct link_ref) from core.issue_link where provenance = 'jira_link'")
    assert found == len(archive.links) == 5091
    rows = station.rows(
        "select blocker_key, blocked_key, edge_type, blocker_is_placeholder, blocked_is_placeholder"
        " from int.int_dependency_edge where provenance = 'jira_link'"
    )
    edges = [(row["blocker_key"], row["blocked_key"], row["edge_type"]) for row in rows]
    assert Counter(edges) == Counter(set(archive.links.values())), "once each, however many links say it"
    assert Counter(kind for _, _, kind in edges) == {"relates": 3940, "duplicates": 596, "blocks": 549}
    assert Counter(kind for _, _, kind in archive.links.values()) == {"relates": 3946, "duplicates": 596, "blocks": 549}
    ends = {row["blocker_key"]: row["blocker_is_placeholder"] for row in rows}
    ends |= {row["blocked_key"]: row["blocked_is_placeholder"] for row in rows}
    placeholders = {key for key, is_placeholder in ends.items() if is_placeholder}
    assert placeholders == ends.keys() - archive.keys
    assert len(placeholders) == PLACEHOLDERS
    assert sum(row["blocker_is_placeholder"] or row["blocked_is_placeholder"] for row in rows) == 1787


def test_every_parent_is_an_edge(told, archive):
    rows = told.station.rows(
        "select blocker_key, blocked_key, blocked_is_placeholder from int.int_dependency_edge"
        " where edge_type = 'parent_child'"
    )
    assert Counter((row["blocker_key"], row["blocked_key"]) for row in rows) == Counter(archive.parents)
    assert sum(row["blocked_is_placeholder"] for row in rows) == 274


def test_every_closed_sprint_has_its_row(told):
    station = told.station
    rows = station.rows("select state, sprint_id, board_id from mart.mart_team_sprint_velocity")
    assert Counter(row["state"] for row in rows) == {"closed": 374, "active": 1}
    assert len({row["sprint_id"] for row in rows}) == 375
    assert station.number(
        "select count(*) from mart.mart_team_sprint_velocity where effective_end_at <= effective_start_at"
        " or least(committed_count, added_count, removed_count, not_completed_count, committed_points) < 0"
        " or final_scope_count <> committed_count + added_count - removed_count"
        " or abs(final_scope_points - committed_points - added_points + removed_points - estimate_change_points) > 1e-9"
    ) == 0


def test_sprints_without_an_origin_board_are_kept(told, archive):
    rows = told.station.rows(
        f"select *, {SPRINT} as id from mart.mart_team_sprint_velocity where board_id is null"
    )
    assert len(rows) == 22
    assert {row["state"] for row in rows} == {"closed"}
    assert {row["velocity_mean_k"] for row in rows} == {None}, "sprints of unknown boards are no sequence"
    assert len({row["sequence_scope"] for row in rows}) == 22
    assert {row["team_id"] for row in rows} == {None}
    assert all(row["final_scope_count"] > 0 for row in rows)
    straight = archive.closed_sprints()["completed_count"].to_dict()
    assert {row["id"]: row["completed_count"] for row in rows} == {row["id"]: straight[row["id"]] for row in rows}
    assert sum(row["completed_count"] for row in rows) == 109


def _compared(told, archive, measures):
    """Both counts side by side, per closed sprint; only those that differ."""
    rows = told.station.rows(
        f"select {SPRINT} as id, {', '.join(measures)} from mart.mart_team_sprint_velocity where state = 'closed'"
    )
    ours = pd.DataFrame(rows).set_index("id").astype(float).sort_index()
    theirs = archive.closed_sprints().reindex(ours.index, fill_value=0.0)[measures]
    assert len(ours) == 374
    return ours.compare(theirs, result_names=("warehouse", "straight"))


def test_completed_equals_a_straight_count(told, archive):
    assert _compared(told, archive, ["completed_points", "completed_count", "committed_count"]).empty
    straight = archive.closed_sprints()
    assert straight["completed_count"].sum() == 4451
    assert straight["completed_points"].sum() == 10872


def test_committed_points_equal_a_straight_count(told, archive):
    assert _compared(told, archive, ["committed_points"]).empty
    assert archive.closed_sprints()["committed_points"].sum() == 10178


def test_what_is_not_known_of_the_past_is_marked(told):
    """Issues without history still have a life, of which only its creation and its resolution are certain."""
    station = told.station
    for model, fields in (("int_issue_status_interval", ""), ("int_issue_field_interval", "where field = 'status'")):
        rows = station.rows(
            f"select count(distinct issue_id) as issues, string_agg(distinct provenance, ',') as provenance"
            f" from int.{model} {fields}"
        )
        assert rows == [{"issues": 7608, "provenance": "creation_default"}]
    current = station.rows(
        "select field, count(*) as n from int.int_issue_field_interval where is_current group by field"
    )
    counted = {row["field"]: row["n"] for row in current}
    assert counted["estimate_points"] == 2687
    assert counted["status"] == counted["project"] == 7608
    (stays,) = station.rows(
        "select count(distinct issue_id || sprint_id) as pairs, string_agg(distinct provenance, ',') as provenance"
        " from int.int_sprint_membership"
    )
    assert stays == {"pairs": 9264, "provenance": "creation_default"}


def test_missing_histories_are_told_and_lower_every_confidence(told):
    """The archive answers "0 entries, that is all" for each issue: nobody may take that for a complete history."""
    station = told.station
    gaps = station.rows("select history_gap, count(*) as n from mart.dim_issue group by history_gap")
    assert gaps == [{"history_gap": "not_served", "n": 7608}]
    found = station.rows(
        "select sum(failed) as failed, sum(total) as total from mart.mart_data_quality"
        " where rule = 'history_not_served'"
    )
    assert found == [{"failed": 7608, "total": 7608}]
    status = station.rows("select distinct complete_history_share from mart.mart_program_status where issue_count > 0")
    assert status == [{"complete_history_share": 0}]
    sprints = station.rows("select distinct sprint_confidence, is_approximate from mart.mart_team_sprint_velocity")
    assert sprints == [{"sprint_confidence": 0, "is_approximate": True}]


def test_no_command_says_or_stores_the_token(told):
    token = told.station.token
    assert not [text for text in told.station.spoken if token in text]
    guilty = [path for path in told.station.folder.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert guilty == []

"""Every closed sprint and iteration as the pipeline tells it, against what happened in it (METRICS.md 2.2 and 2.3).

Jira tells its whole history, so every sprint must agree. Of GitHub's iterations only the present value is told, with
the instant it was set, so an iteration agrees if nothing else ever happened in it; all others must be marked.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pytest
from whole_pipeline import Published, Row

from itpm_pipeline.sandbox.company.model import GithubIssue, GithubProject, ProjectItem, SprintTruth

SETS = ("committed", "added", "removed", "completed", "not_completed")
WHERE: dict[str, tuple[str, tuple[str, ...]]] = {
    "added": ("entry_estimate", ("completed_added", "not_completed_added", "added_then_removed")),
    "removed": ("exit_estimate", ("removed_committed", "added_then_removed")),
    "completed": ("end_estimate", ("completed_committed", "completed_added")),
    "not_completed": ("end_estimate", ("not_completed_committed", "not_completed_added")),
}
"""Set of the truth: the estimate that counts, and the dispositions that make it up."""


def of_kind(published: Published, kind: str) -> list[SprintTruth]:
    return [truth for truth in published.company.truth.sprints if truth.sprint.startswith(f"{kind}:")]


def told(rows: Sequence[Row]) -> dict[str, Any]:
    """The rows of one time-box in the words of SprintTruth, issues by warehouse id."""
    found: dict[str, Any] = {
        name: {row["issue_id"]: row[estimate] for row in rows if row["disposition"] in dispositions}
        for name, (estimate, dispositions) in WHERE.items()
    }
    found["committed"] = {row["issue_id"]: row["start_estimate"] for row in rows if row["is_committed"]}
    found["completed_outside"] = {row["issue_id"] for row in rows if row["disposition"] == "completed_outside"}
    return found


def true(published: Published, truth: SprintTruth) -> dict[str, Any]:
    """SprintTruth with warehouse ids."""
    found: dict[str, Any] = {
        name: {published.issue_id(key): points for key, points in getattr(truth, name).items()} for name in SETS
    }
    found["completed_outside"] = {published.issue_id(key) for key in truth.completed_outside}
    return found


def totals(account: dict[str, Any]) -> dict[str, float]:
    """What mart_team_sprint_velocity must say of these sets."""
    found = {"completed_outside_count": len(account["completed_outside"])}
    for name in SETS:
        found[f"{name}_count"] = len(account[name])
        found[f"{name}_points"] = sum(points or 0 for points in account[name].values())
    return found


def differences(published: Published, truth: SprintTruth, expected: dict[str, Any]) -> list[str]:
    """Where the warehouse differs from ``expected`` about this time-box."""
    sprint_id = published.sprint_id(truth.sprint)
    row, actual, sums = published.sprints[sprint_id], told(published.sprint_issues[sprint_id]), totals(expected)
    wrong = [name for name in expected if actual[name] != expected[name]]
    wrong += [name for name, value in sums.items() if row[name] != value]
    if (row["effective_start_at"], row["effective_end_at"]) != (truth.start_at, truth.end_at):
        wrong.append("clock")
    return wrong


def test_every_closed_sprint_of_jira_agrees(published: Published) -> None:
    truths = of_kind(published, "jira")
    closed = {row["sprint_id"] for row in published.sprints.values()
              if row["sprint_kind"] == "jira_sprint" and row["state"] == "closed"}
    assert closed == {published.sprint_id(truth.sprint) for truth in truths}
    wrong = {truth.sprint: differences(published, truth, true(published, truth)) for truth in truths}
    assert {sprint: found for sprint, found in wrong.items() if found} == {}
    assert len(wrong) > 100


def test_no_issue_of_a_sprint_is_told_twice_or_invented(published: Published) -> None:
    """The dispositions are those of the truth: together they are all rows there are."""
    for truth in of_kind(published, "jira"):
        rows = published.sprint_issues[published.sprint_id(truth.sprint)]
        expected = true(published, truth)
        issues = set().union(*expected.values())
        assert sorted(row["issue_id"] for row in rows) == sorted(issues), truth.sprint


def test_identities_hold_to_the_last_bit(published: Published) -> None:
    for row in published.sprints.values():
        for unit in ("points", "count"):
            scope = row[f"committed_{unit}"] + row[f"added_{unit}"] - row[f"removed_{unit}"]
            change = row["estimate_change_points"] if unit == "points" else 0
            assert row[f"final_scope_{unit}"] == scope + change, (row["sprint_name"], "I1", unit)
            final = row[f"completed_{unit}"] + row[f"not_completed_{unit}"]
            assert row[f"final_scope_{unit}"] == final, (row["sprint_name"], "I2", unit)


# --- Iterations of GitHub


class Line:
    """A value over time."""

    def __init__(self, first: Any, changes: Iterable[tuple[datetime, Any]]) -> None:
        ordered = list(changes)
        self.times = [at for at, _ in ordered]
        self._values = [first, *(value for _, value in ordered)]

    def at(self, moment: datetime) -> Any:
        """As of a moment: what happens then is visible."""
        return self._values[bisect_right(self.times, moment)]

    def before(self, moment: datetime) -> Any:
        """Until a moment: what happens then is not."""
        return self._values[bisect_left(self.times, moment)]


def closings(issue: GithubIssue) -> Line:
    """Whether it is closed; null before the first event."""
    return Line(None, [
        (event.at, event.kind == "ClosedEvent") for event in issue.timeline
        if event.kind in {"ClosedEvent", "ReopenedEvent"}
    ])


def members(published: Published) -> dict[str, list[tuple[GithubProject, ProjectItem]]]:
    """Items of today by iteration, as the truth calls it."""
    found: dict[str, list[tuple[GithubProject, ProjectItem]]] = {}
    for project in published.company.github_projects:
        for item in project.items:
            if item.iteration_id:
                found.setdefault(f"github:{project.number}:{item.iteration_id}", []).append((project, item))
    return found


def tellable(published: Published, truth: SprintTruth) -> dict[str, Any]:
    """The account of an iteration from no more than GitHub tells: present members, each since its last assignment."""
    account: dict[str, Any] = {name: {} for name in SETS} | {"completed_outside": set()}
    issues = published.github_issues
    start, end = truth.start_at, truth.end_at
    for _, item in members(published).get(truth.sprint, ()):
        issue_id = published.issue_id(item.issue)
        issue, since = issues[issue_id], item.iteration_updated_at
        assert since is not None
        if since >= end or is_subtask(published, issue):
            continue
        closed = closings(issue)
        known_at = item.estimate_updated_at
        points = Line(None, [(known_at, item.estimate)] if known_at else [])
        moments = [at for at in sorted({since, *closed.times}) if start < at < end and at >= since]
        entries = [at for at in moments if not closed.at(at)]
        if since <= start and not closed.at(start):
            account["committed"][issue_id] = points.at(start)
        elif entries:
            account["added"][issue_id] = points.at(entries[0])
        elif closed.before(end):
            account["completed_outside"].add(issue_id)
            continue
        ending = account["completed" if closed.before(end) else "not_completed"]
        ending[issue_id] = points.before(end)
    return account


def is_subtask(published: Published, issue: GithubIssue) -> bool:
    """A sub-issue of anything but an epic."""
    parent = issue.parent and published.github_issues.get(published.issue_id(issue.parent))
    return bool(parent) and parent.issue_type != "Epic"


def test_iterations_tell_all_that_github_tells(published: Published) -> None:
    """From present members and their dates there is exactly one account, and it is the one we publish."""
    truths = of_kind(published, "github")
    closed = {row["sprint_id"] for row in published.sprints.values()
              if row["sprint_kind"] == "gh_iteration" and row["state"] == "closed"}
    assert closed == {published.sprint_id(truth.sprint) for truth in truths}
    wrong = {truth.sprint: differences(published, truth, tellable(published, truth)) for truth in truths}
    assert {sprint: found for sprint, found in wrong.items() if found} == {}
    assert len(wrong) >= 24


def issues_only(account: dict[str, Any]) -> dict[str, set[str]]:
    return {name: set(found) for name, found in account.items()}


def test_an_iteration_agrees_with_the_truth_if_it_can_and_is_marked_if_it_does_not(published: Published) -> None:
    can, agree, agree_in_points, marked = set(), set(), set(), set()
    truths = of_kind(published, "github")
    for truth in truths:
        expected, row = true(published, truth), published.sprints[published.sprint_id(truth.sprint)]
        if issues_only(tellable(published, truth)) == issues_only(expected):
            can.add(truth.sprint)
        if issues_only(told(published.sprint_issues[row["sprint_id"]])) == issues_only(expected):
            agree.add(truth.sprint)
        if not differences(published, truth, expected):
            agree_in_points.add(truth.sprint)
        if row["is_approximate"] and row["sprint_confidence"] < 0.8:
            marked.add(truth.sprint)
    assert agree == can
    assert agree_in_points <= agree
    assert agree, "the company has an iteration that nobody ever left"
    assert {truth.sprint for truth in truths} - agree_in_points <= marked
    others = [row for row in published.sprints.values() if row["sprint_kind"] != "gh_iteration"]
    assert not any(row["is_approximate"] for row in others), "only iterations have no history"


def test_present_members_of_an_iteration_were_completed_or_not(published: Published) -> None:
    checked = 0
    present = members(published)
    for truth in of_kind(published, "github"):
        actual = told(published.sprint_issues[published.sprint_id(truth.sprint)])
        expected = true(published, truth)
        for _, item in present.get(truth.sprint, ()):
            issue_id = published.issue_id(item.issue)
            if item.iteration_updated_at and item.iteration_updated_at < truth.end_at:
                for name in ("completed", "not_completed", "completed_outside"):
                    assert (issue_id in actual[name]) == (issue_id in expected[name]), (truth.sprint, issue_id, name)
                checked += 1
    assert checked > 100


def test_memberships_tell_where_they_come_from(published: Published) -> None:
    rows = published.rows(
        "select sprint.kind, membership.provenance, max(membership.precision_seconds) as gap "
        "from int.int_sprint_membership as membership "
        "inner join mart.dim_sprint as sprint on membership.sprint_id = sprint.sprint_id "
        # Sub-tasks follow their parent without a trace; they do not count in sprints.
        "inner join int.int_issue as issue on membership.issue_id = issue.issue_id and not issue.is_subtask "
        "group by all"
    )
    assert {(row["kind"], row["provenance"], row["gap"]) for row in rows} == {
        ("jira_sprint", "api_event", 0), ("gh_milestone", "api_event", 0),
        ("gh_iteration", "field_value_updated_at", 0),
    }


@pytest.mark.parametrize("name", ["committed", "removed", "not_completed"])
def test_the_truth_has_what_these_tests_compare(published: Published, name: str) -> None:
    for kind in ("jira", "github"):
        assert sum(len(getattr(truth, name)) for truth in of_kind(published, kind)) > 20


# --- Roll-ups


def test_burn_ups_end_where_the_sprint_ends(published: Published) -> None:
    last = {row["sprint_id"]: row for row in published.rows(
        "select * from mart.mart_sprint_burn_up "
        "qualify row_number() over (partition by sprint_id order by occurred_at desc) = 1"
    )}  # fmt: skip
    assert set(last) == set(published.sprints)
    for sprint_id, row in last.items():
        told_of_end = published.sprints[sprint_id]
        assert (row["scope_points"], row["scope_count"]) == (
            told_of_end["final_scope_points"], told_of_end["final_scope_count"]), sprint_id
        assert (row["completed_points"], row["completed_count"]) == (
            told_of_end["completed_points"], told_of_end["completed_count"]), sprint_id


def test_teams_and_issues_add_up_to_each_sprint(published: Published) -> None:
    measures = ("committed", "added", "removed", "final_scope", "completed", "delivered")
    names = [f"{measure}_{unit}" for measure in measures for unit in ("points", "count")]
    for table in ("fct_sprint_team", "fct_sprint_issue"):
        summed = ", ".join(f"sum({name}) as {name}" for name in names)
        for row in published.rows(f"select sprint_id, {summed} from mart.{table} group by sprint_id"):
            expected = published.sprints[row["sprint_id"]]
            assert {name: row[name] for name in names} == {name: expected[name] for name in names}


def test_projects_and_programs_deliver_the_same_issues(published: Published) -> None:
    counts = published.rows(
        "select (select sum(delivered_count) from mart.mart_project_velocity) as by_project, "
        "(select sum(delivered_count) from mart.mart_program_velocity where period_kind = 'month') as by_month, "
        "(select sum(delivered_count) from mart.mart_program_velocity where period_kind = 'quarter') as by_quarter, "
        "(select count(*) from int.int_issue_cycle where is_in_flow_scope) as delivered"
    )[0]
    assert len(set(counts.values())) == 1
    assert counts["delivered"] > 500
    weeks = published.rows(
        "select count(*) as differing from mart.mart_project_velocity as week inner join ("
        "  select scope_id, date_trunc('week', date) as week_start_date, sum(throughput_1d) as delivered_count"
        "  from mart.mart_flow_metrics_daily where scope_type = 'project' group by all having count(*) = 7"
        ") as flow on week.project_id = flow.scope_id and week.week_start_date = flow.week_start_date "
        "where week.delivered_count <> flow.delivered_count"
    )
    assert weeks == [{"differing": 0}]


def test_people_who_moved_scope_are_told(published: Published) -> None:
    rows = published.rows(
        "select kind, count(*) as events, count(actor_person_id) as told from int.int_sprint_scope_event "
        "where sprint_id like 'jira:%' group by kind"
    )
    assert {row["kind"] for row in rows} == {"add", "remove", "re_estimate", "complete", "reopen"}
    assert all(row["told"] == row["events"] for row in rows), "Jira tells who changed what"

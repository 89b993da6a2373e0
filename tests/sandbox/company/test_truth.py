"""The truth against a second opinion: METRICS.md section 2.2 applied to the histories the servers will serve."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from itpm_pipeline.sandbox.company.model import Company, JiraIssue, SprintTruth

GRACE = timedelta(seconds=60)


class Line:
    """A value over time."""

    def __init__(self, first, changes):
        self.times = [at for at, _ in changes]
        self.values = [first, *(value for _, value in changes)]

    def at(self, moment: datetime):
        return self.values[bisect_right(self.times, moment)]

    def before(self, moment: datetime):
        return self.values[bisect_left(self.times, moment)]


def changes_of(issue: JiraIssue, name: str, read: Callable):
    return [(entry.at, read(item)) for entry in issue.history for item in entry.items if item.field == name]


def line(issue, name, current, read_from, read_to):
    changes = changes_of(issue, name, read_to)
    firsts = changes_of(issue, name, read_from)
    return Line(firsts[0][1] if firsts else current, changes)


def ids(text):
    return frozenset(part.strip() for part in (text or "").split(",") if part.strip())


def number(text):
    return float(text) if text else None


def lines_of(company: Company, issue: JiraIssue):
    points_field = (
        "Story point estimate" if company.jira_projects[issue.project_id].team_managed else "Story Points"
    )
    return (
        line(issue, "Sprint", frozenset(map(str, issue.sprint_ids)), lambda i: ids(i.from_id), lambda i: ids(i.to_id)),
        line(issue, "status", issue.status_id, lambda i: i.from_id, lambda i: i.to_id),
        line(issue, points_field, issue.points, lambda i: number(i.from_string), lambda i: number(i.to_string)),
    )


def scope_of(sprint, start, end, sprints, statuses, done_statuses):
    """Steps 1 to 3: committed, in scope at the end, last entry, last exit."""
    inside = committed = str(sprint) in sprints.at(start) and statuses.at(start) not in done_statuses
    entry = exit_ = None
    for moment in sorted({t for each in (sprints, statuses) for t in each.times if start < t < end}):
        member, done = str(sprint) in sprints.at(moment), statuses.at(moment) in done_statuses
        is_rollover = moment >= end - GRACE and not done
        if inside and not member and not is_rollover:
            inside, exit_ = False, moment
        elif not inside and member and not done:
            inside, entry = True, moment
    return committed, inside, entry, exit_


def account(sprint, start, end, lines, done_statuses) -> SprintTruth:
    """Section 2.2, steps 1 to 5, from lines of values: issue -> (sprints, status, points)."""
    truth = SprintTruth(f"jira:{sprint}", start, end)
    for issue, (sprints, statuses, points) in lines.items():
        committed, inside, entry, exit_ = scope_of(sprint, start, end, sprints, statuses, done_statuses)
        is_done = statuses.before(end) in done_statuses
        if committed:
            truth.committed[issue] = points.at(start)
        elif entry:
            truth.added[issue] = points.at(entry)
        if inside:
            (truth.completed if is_done else truth.not_completed)[issue] = points.before(end)
        elif exit_:
            truth.removed[issue] = points.at(exit_)
        elif str(sprint) in sprints.before(end) and is_done:
            truth.completed_outside.append(issue)
    return truth


def test_sprints_follow_from_the_histories(company):
    visible = {
        issue.id: lines_of(company, issue) for issue in company.jira_issues.values()
        if issue.deleted_at is None and issue.type not in {"Sub-task", "Subtask"}
        and company.jira_projects[issue.project_id].readable
    }
    checked = 0
    for truth in company.truth.sprints:
        kind, _, key = truth.sprint.partition(":")
        if kind != "jira":
            continue
        sprint = company.sprints[int(key)]
        board = company.boards[sprint.board_id]
        expected = account(sprint.id, sprint.start_at, sprint.completed_at, visible, set(board.columns[-1][1]))
        expected.completed_outside.sort()
        truth.completed_outside.sort()
        assert truth == expected, sprint
        checked += 1
    assert checked == sum(sprint.state == "closed" for sprint in company.sprints.values())


def test_iterations_follow_from_what_really_happened(company):
    issues = {issue.node_id: issue for repo in company.repositories.values() for issue in repo.issues}
    projects = {project.number: project for project in company.github_projects}
    checked = 0
    for truth in company.truth.sprints:
        kind, _, rest = truth.sprint.partition(":")
        if kind != "github":
            continue
        project_number, iteration_id = rest.split(":")
        expected_members = set()
        for item in projects[int(project_number)].items:
            issue = issues[item.issue]
            iterations = Line(None, item.iteration_history)
            estimates = Line(None, item.estimate_history)
            closings = Line(None, [
                (event.at, event.kind == "ClosedEvent") for event in issue.timeline
                if event.kind in {"ClosedEvent", "ReopenedEvent"}
            ])
            if iterations.at(truth.start_at) == iteration_id and not closings.at(truth.start_at):
                expected_members.add(item.issue)
                assert truth.committed[item.issue] == estimates.at(truth.start_at)
            is_member = iterations.before(truth.end_at) == iteration_id
            done = closings.before(truth.end_at)
            in_scope = item.issue in truth.completed or item.issue in truth.not_completed
            assert is_member == (in_scope or item.issue in truth.completed_outside)
            assert not in_scope or bool(done) == (item.issue in truth.completed)
            if in_scope:
                ending = truth.completed if done else truth.not_completed
                assert ending[item.issue] == estimates.before(truth.end_at)
        assert expected_members == set(truth.committed)
        checked += 1
    assert checked > 20


def total(points):
    return sum(value or 0 for value in points.values())


def test_identities(company):
    for truth in company.truth.sprints:
        final = truth.completed | truth.not_completed
        base = truth.added | truth.committed
        change = sum((final[i] or 0) - (base[i] or 0) for i in final)
        change += sum((truth.removed[i] or 0) - (base[i] or 0) for i in truth.removed)
        scope = total(truth.committed) + total(truth.added) - total(truth.removed) + change
        assert total(final) == pytest.approx(scope), truth.sprint
        assert len(final) == len(truth.committed) + len(truth.added) - len(truth.removed)
        assert not truth.completed.keys() & truth.not_completed.keys()
        assert not truth.committed.keys() & truth.added.keys()
        assert not set(truth.completed_outside) & (base.keys() | final.keys())


CATEGORY = {"new": "todo", "indeterminate": "in_progress", "done": "done"}


def test_clocks_follow_from_the_histories(company):
    started, finished, reopened = {}, {}, {}
    for issue in company.jira_issues.values():
        project = company.jira_projects[issue.project_id]
        if issue.deleted_at or project.archived or not project.readable:
            continue
        category = "todo"
        for at, status in changes_of(issue, "status", lambda item: item.to_id):
            new = CATEGORY[company.statuses[status].category]
            if new == "in_progress":
                started.setdefault(issue.id, at)
            if new == "done" and category != "done":
                finished[issue.id] = at
            if category == "done" and new != "done":
                del finished[issue.id]
                reopened[issue.id] = reopened.get(issue.id, 0) + 1
            category = new
    started = finished | started
    jira = company.jira_issues.keys()
    assert {key: at for key, at in company.truth.started_at.items() if key in jira} == started
    assert {key: at for key, at in company.truth.finished_at.items() if key in jira} == finished
    assert {key: count for key, count in company.truth.reopen_count.items() if key in jira} == reopened


def test_no_change_of_scope_is_close_to_a_boundary(company):
    """Within a minute of a start or close nothing happens to an issue but the roll-over."""
    for truth in company.truth.sprints:
        if not truth.sprint.startswith("jira"):
            continue
        for key in truth.committed | truth.added:
            for entry in company.jira_issues[key].history:
                if abs(entry.at - truth.end_at) <= GRACE or abs(entry.at - truth.start_at) <= GRACE:
                    assert {item.field for item in entry.items} == {"Sprint"}, (truth.sprint, entry)
                    assert abs(entry.at - truth.start_at) > GRACE

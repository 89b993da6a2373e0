"""The account of one time-box, on the worked examples of METRICS.md section 2.5."""

from itpm_pipeline.sandbox.company.crew import Work
from itpm_pipeline.sandbox.company.dependencies import Dependencies
from itpm_pipeline.sandbox.company.truth import ScopeAccount, Standing


def member(issue, points, *, done=False):
    return Standing(issue, is_member=True, is_done=done, estimate=points)


def gone(issue, points):
    return Standing(issue, is_member=False, is_done=False, estimate=points)


def settled(standings, *changes):
    account = ScopeAccount("jira:1", 0, standings)
    for change in changes:
        account.note(change)
    return account.settle(1_000)


def test_v1_plain():
    truth = settled(
        [member("A", 5), member("B", 3), member("C", 8)], member("A", 5, done=True), member("B", 3, done=True)
    )
    assert truth.committed == {"A": 5, "B": 3, "C": 8}
    assert truth.completed == {"A": 5, "B": 3}
    assert truth.not_completed == {"C": 8}


def test_v2_scope_change():
    truth = settled(
        [member("A", 5), member("B", 3), member("G", 1)],
        member("A", 8), member("C", 2), member("D", 13), member("A", 8, done=True), gone("D", 13), gone("B", 3),
        member("F", 5), member("C", 2, done=True),
    )
    assert truth.committed == {"A": 5, "B": 3, "G": 1}
    assert truth.added == {"C": 2, "D": 13, "F": 5}
    assert truth.removed == {"B": 3, "D": 13}
    assert truth.completed == {"A": 8, "C": 2}
    assert truth.not_completed == {"F": 5, "G": 1}


def test_v3_done_before_the_start_and_reopened():
    truth = settled(
        [member("A", 5, done=True), member("C", 2, done=True), member("F", 8), member("G", 1)],
        member("B", 3, done=True), member("C", 2), member("F", 8, done=True), member("G", 1, done=True),
        member("C", 2, done=True), member("F", 8), member("G", 1),
    )
    assert truth.committed == {"F": 8, "G": 1}
    assert truth.added == truth.completed == {"C": 2}
    assert truth.not_completed == {"F": 8, "G": 1}
    assert truth.completed_outside == ["A", "B"]


def test_v6_unestimated():
    truth = settled(
        [member("A", None), member("B", 3)],
        member("A", None, done=True), member("C", None), member("C", None, done=True), member("C", 2, done=True),
    )
    assert truth.committed == {"A": None, "B": 3}
    assert truth.added == {"C": None}
    assert truth.completed == {"A": None, "C": 2}


def test_last_entry_and_last_exit_count():
    truth = settled([], member("A", 1), gone("A", 2), member("A", 3), gone("A", 5), member("B", 8), gone("B", 8),
                    member("B", 13))
    assert truth.added == {"A": 3, "B": 13}
    assert truth.removed == {"A": 5}
    assert truth.not_completed == {"B": 13}


def test_nothing_waits_in_a_circle_by_accident(company):
    crew = None
    issue = next(iter(company.jira_issues.values()))
    first, second, third = (Work(issue, crew, 1.0) for _ in range(3))
    dependencies = Dependencies.__new__(Dependencies)
    for blocker, blocked in ((first, second), (second, third)):
        assert dependencies.may_wait(blocker, blocked)
        dependencies._connect(blocker, blocked)
    assert not dependencies.may_wait(third, first)
    assert not dependencies.may_wait(first, second)
    assert not dependencies.may_wait(first, first)
    assert dependencies.may_wait(first, third)

"""The site's own sprint reports: asked for once, by who wants them, and never in the way of anything else."""

import pytest

from itpm_pipeline.canonical.rows import MappingError
from itpm_pipeline.extract.records import OutcomeStatus
from itpm_pipeline.sources.jira.sprint_reports import MOST_REFUSALS, PATH

STREAM = "sprint_reports"
S = "jira:acme-jira:sprint:"


def issue(number, first=None, last=None, **more):
    def statistic(value):
        told = {} if value is None else {"value": float(value), "text": str(value)}
        return {"statFieldId": "field_customfield_10034", "statFieldValue": told}

    return {"id": number, "key": f"PAY-{number}", "estimateStatistic": statistic(first),
            "currentEstimateStatistic": statistic(last)} | more  # fmt: skip


def report(**contents):
    lists = ("completedIssues", "issuesNotCompletedInCurrentSprint", "puntedIssues", "issuesCompletedInAnotherSprint")
    return {"contents": {**{name: [] for name in lists}, "issueKeysAddedDuringSprint": {}, **contents}, "sprint": {}}


@pytest.fixture
def asked(site):
    """Sprints on two boards, the last one still open; the (board, sprint) pairs whose report was asked for."""
    sprints = [{"id": 30 + n, "state": "closed", "originBoardId": 7, "name": f"S{n}"} for n in range(6)]
    sprints[2]["originBoardId"] = 99
    sprints[5]["state"] = "active"
    site.sprints = sprints
    for board in (4, 7):
        site.answers[f"agile/1.0/board/{board}/sprint"] = lambda _: {"values": sprints, "isLast": True}
    found = []

    def answer(request):
        found.append((int(request.query["rapidViewId"]), int(request.query["sprintId"])))
        return report()

    site.answers[PATH] = answer
    return found


def read(source, cursor=None, **how):
    reading = source.read_site(cursor, **how)
    records = [record for record in reading.records if record.stream == STREAM]
    return reading, records, {outcome.stream: outcome for outcome in reading.outcomes}.get(STREAM)


def refusing(other_answer, status, allowed=()):
    tried = []

    def answer(request):
        tried.append(int(request.query["sprintId"]))
        if tried[-1] in allowed:
            return report()
        raise other_answer(status, {"errorMessages": ["no such report"]})

    return answer, tried


def test_nobody_is_asked_unless_the_settings_say_so(asked, open_source):
    reading, records, outcome = read(open_source())
    assert (asked, records, outcome) == ([], [], None)
    assert STREAM not in reading.cursor.state


def test_each_closed_sprint_is_asked_for_once_and_again_when_it_changed(asked, open_source, site):
    source = open_source(reconcile=True)
    first, records, outcome = read(source)
    assert sorted(asked) == [(4, 32), (7, 30), (7, 31), (7, 33), (7, 34)], "a board we cannot see has no report"
    assert {record.native_id for record in records} == {"30", "31", "32", "33", "34"}
    assert (outcome.status, outcome.fetched, outcome.requests) == (OutcomeStatus.OK, 5, 5)
    asked.clear()
    second, records, outcome = read(source, first.cursor, reconcile=True)
    assert (asked, records, outcome.requests) == ([], [], 0)
    site.sprints[1]["goal"] = "another"
    site.sprints[5]["state"] = "closed"
    third, _, _ = read(source, second.cursor)
    assert sorted(asked) == [(7, 31), (7, 35)]
    assert third.cursor.state[STREAM].keys() == {"30", "31", "32", "33", "34", "35"}


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_a_site_that_refuses_is_told_and_not_asked_for_every_sprint(asked, open_source, site, other_answer, status):
    site.answers[PATH], tried = refusing(other_answer, status)
    source = open_source(reconcile=True)
    reading, records, outcome = read(source)
    assert (tried, records) == ([34, 33, 32], [])
    assert (outcome.status, outcome.requests) == (OutcomeStatus.SKIPPED, MOST_REFUSALS)
    assert outcome.reason.startswith("5 of 5 sprint reports were not told")
    assert outcome.details["refused"].keys() == {"32", "33", "34"}
    assert {one.status for one in reading.outcomes if one.stream != STREAM} == {OutcomeStatus.OK}
    later, _, _ = read(source, reading.cursor)
    assert tried[3:] == [31, 30], "those not asked for yet"
    read(source, later.cursor)
    assert len(tried) == 5, "nothing changed"
    read(source, later.cursor, reconcile=True)
    assert len(tried) == 5 + MOST_REFUSALS, "a reconcile asks again"


@pytest.mark.parametrize(("status", "requests"), [(401, 1), (500, 3)])
def test_a_site_that_fails_is_left_alone_at_once(asked, open_source, site, other_answer, status, requests):
    """More unauthorised requests could lock the account; one that is broken was tried three times already."""
    site.answers[PATH], tried = refusing(other_answer, status)
    reading, _, outcome = read(open_source(reconcile=True))
    assert len(tried) == requests
    assert outcome.status is OutcomeStatus.SKIPPED
    assert reading.cursor.state[STREAM] == {}, "what was not refused is asked for next time"


def test_single_sprints_may_be_refused(asked, open_source, site, other_answer):
    site.answers[PATH], tried = refusing(other_answer, 404, allowed=(30, 33))
    _, records, outcome = read(open_source(reconcile=True))
    assert sorted(tried) == [30, 31, 32, 33, 34]
    assert {record.native_id for record in records} == {"30", "33"}
    assert outcome.details == {
        "closed": 5, "due": 5, "answered": 2, "refused": {number: outcome.details["refused"][number]
                                                          for number in ("31", "32", "34")},
    }  # fmt: skip
    assert outcome.reason.startswith("3 of 5 ")


def test_a_report_becomes_its_sums_and_issues(desk):
    payload = {"boardId": 4, "sprintId": 31, "report": report(
        completedIssues=[issue(1, 3, 5), issue(2)], issuesNotCompletedInCurrentSprint=[issue(3, None, 8), issue(1)],
        puntedIssues=[issue(4, 1, 1)], issuesCompletedInAnotherSprint=[issue(5, 2, 2)],
        issueKeysAddedDuringSprint={"PAY-2": True}, completedIssuesEstimateSum={"value": 5.0, "text": "5.0"},
        completedIssuesInitialEstimateSum={"value": 3.0, "text": "3.0"}, puntedIssuesEstimateSum={"text": "null"},
    )}  # fmt: skip
    rows = desk.map(STREAM, payload)
    (sums,) = rows.tables["sprint_report"]
    assert (sums["sprint_id"], sums["board_id"]) == (S + "31", "jira:acme-jira:board:4")
    assert (sums["completed_points"], sums["completed_initial_points"], sums["punted_points"]) == (5.0, 3.0, None)
    assert sums["estimate_field"] == "field_customfield_10034"
    told = {row["issue_key"]: (row["category"], row["is_added"], row["initial_estimate"], row["current_estimate"])
            for row in rows.tables["sprint_report_issue"]}  # fmt: skip
    assert told == {
        "PAY-1": ("completed", False, 3.0, 5.0), "PAY-2": ("completed", True, None, None),
        "PAY-3": ("not_completed", False, None, 8.0), "PAY-4": ("punted", False, 1.0, 1.0),
        "PAY-5": ("completed_elsewhere", False, 2.0, 2.0),
    }  # fmt: skip
    assert rows.replaced == {"sprint_report_issue": [S + "31"]}
    issues = {row["issue_id"] for row in rows.tables["sprint_report_issue"]}
    assert issues == {f"jira:acme-jira:{number}" for number in range(1, 6)}


def test_old_sites_list_added_keys(desk):
    payload = {"boardId": 4, "sprintId": 31, "report": report(completedIssues=[issue(1), issue(2)],
                                                              issueKeysAddedDuringSprint=["PAY-1"])}  # fmt: skip
    assert [row["is_added"] for row in desk.map(STREAM, payload).tables["sprint_report_issue"]] == [True, False]


@pytest.mark.parametrize("answer", [{}, [], {"contents": {}}, {"contents": {"completedIssues": "none"}}])
def test_what_is_no_report_is_rejected(desk, answer):
    with pytest.raises(MappingError, match="lists no issues"):
        desk.map(STREAM, {"boardId": 4, "sprintId": 31, "report": answer})

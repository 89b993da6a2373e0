"""Jira's private sprint report, as the simulated site serves it from the account that was kept of the sprint."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from jira_server_company import EMAIL, TOKEN, Caller, hand_made_company

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import SprintTruth
from itpm_pipeline.sandbox.jira.app import create_app
from itpm_pipeline.sandbox.serve import serve_app

PATH = "/rest/greenhopper/1.0/rapid/charts/sprintreport"


@pytest.fixture(scope="module")
def reporting() -> Iterator[Caller]:
    company = hand_made_company()
    number = {issue.key: issue.id for issue in company.jira_issues.values()}
    company.jira_issues[number["PAY-11"]].is_hidden = True
    account = SprintTruth("jira:58", datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    account.committed = {number["PAY-4"]: 3.0, number["PAY-5"]: 2.0, number["PAY-6"]: None}
    account.added = {number["PAY-7"]: 1.0, number["PAY-11"]: 8.0}
    account.removed = {number["PAY-5"]: 5.0}
    account.completed = {number["PAY-4"]: 8.0, number["PAY-7"]: 1.0, number["PAY-11"]: 8.0}
    account.not_completed = {number["PAY-6"]: None}
    company.truth.sprints.append(account)
    served = serve_app(create_app(company, Clock(company.now, lambda: 0.0), token=TOKEN, email=EMAIL))
    caller = Caller(served.url)
    yield caller
    caller.session.close()
    served.stop()


def test_lists_sums_and_added_keys(reporting: Caller) -> None:
    contents = reporting.get(PATH, rapidViewId=1, sprintId=58)["contents"]
    listed = {name: [issue["key"] for issue in found] for name, found in contents.items() if isinstance(found, list)}
    assert listed == {
        "completedIssues": ["PAY-4", "PAY-7"], "issuesNotCompletedInCurrentSprint": ["PAY-6"],
        "puntedIssues": ["PAY-5"], "issuesCompletedInAnotherSprint": [],
    }  # fmt: skip
    sums = {name: found.get("value") for name, found in contents.items() if name.endswith("Sum")}
    assert sums == {
        "completedIssuesEstimateSum": 9.0, "completedIssuesInitialEstimateSum": 4.0,
        "issuesNotCompletedEstimateSum": None, "issuesNotCompletedInitialEstimateSum": None,
        "puntedIssuesEstimateSum": 5.0, "puntedIssuesInitialEstimateSum": 2.0,
        "issuesCompletedInAnotherSprintEstimateSum": None, "issuesCompletedInAnotherSprintInitialEstimateSum": None,
        "allIssuesEstimateSum": 14.0,
    }  # fmt: skip
    assert contents["issueKeysAddedDuringSprint"] == {"PAY-7": True}, "a hidden issue is nowhere"


def test_an_issue_shows_its_estimate_at_the_start_and_at_the_end(reporting: Caller) -> None:
    report = reporting.get(PATH, rapidViewId=1, sprintId=58)
    (first, _), (unestimated,) = (report["contents"][name] for name in (
        "completedIssues", "issuesNotCompletedInCurrentSprint"))  # fmt: skip
    field = "field_customfield_10034"
    assert first["estimateStatistic"] == {"statFieldId": field, "statFieldValue": {"value": 3.0, "text": "3.0"}}
    assert first["currentEstimateStatistic"]["statFieldValue"]["value"] == 8.0
    assert unestimated["currentEstimateStatistic"] == {"statFieldId": field, "statFieldValue": {}}
    assert (report["sprint"]["id"], report["sprint"]["state"]) == (58, "CLOSED")
    assert report["sprint"]["isoCompleteDate"].endswith("Z")


def test_a_board_that_counts_issues_has_no_points(reporting: Caller) -> None:
    contents = reporting.get(PATH, rapidViewId=2, sprintId=58)["contents"]
    assert contents["completedIssuesEstimateSum"] == {"value": 2.0, "text": "2.0"}
    assert contents["puntedIssues"][0]["estimateStatistic"]["statFieldId"] == "issueCount_"


@pytest.mark.parametrize("query", [{"rapidViewId": 99, "sprintId": 58}, {"rapidViewId": 1, "sprintId": 57},
                                   {"rapidViewId": 1, "sprintId": 59}, {"sprintId": 58}])  # fmt: skip
def test_what_is_not_there_is_not_reported(reporting: Caller, query: dict[str, int]) -> None:
    assert reporting.get(PATH, 404, **query)["errorMessages"]

"""Jira's private endpoint behind its page "Sprint report", in the shape sites answer with.

What happened in a sprint is told by the account that was kept while it ran (``Company.truth``), not worked out from
histories: so it is as independent of who reads it as Jira's own report is. Sprints nobody kept an account of (future
and running ones, those that a mutation closed) have no report.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from itpm_pipeline.sandbox.company.jira_ledger import sprint_name
from itpm_pipeline.sandbox.company.model import JiraBoard, JiraIssue, JiraSprint, SprintTruth
from itpm_pipeline.sandbox.jira.answers import JiraError, integer
from itpm_pipeline.sandbox.jira.entities import Json
from itpm_pipeline.sandbox.jira.instants import zulu
from itpm_pipeline.sandbox.jira.routing import Call, Endpoint

_SUMS = {
    "completedIssues": "completedIssues",
    "issuesNotCompletedInCurrentSprint": "issuesNotCompleted",
    "puntedIssues": "puntedIssues",
    "issuesCompletedInAnotherSprint": "issuesCompletedInAnotherSprint",
}
"""List of the report: how the names of its sums begin."""


async def sprint_report(call: Call) -> Any:
    """GET sprintreport?rapidViewId=&sprintId=: what became of the issues of a closed sprint."""
    board_id, sprint_id = integer(call.request, "rapidViewId", 0), integer(call.request, "sprintId", 0)
    board = next((one for one in call.site.boards() if one.id == board_id), None)
    if board is None:
        raise JiraError(404, "The requested board cannot be viewed because it either does not exist or you do not "
                             "have permission to view it.")
    sprint = next((one for one in call.site.sprints_of(board) if one.id == sprint_id), None)
    account = _account(call, sprint) if sprint else None
    if sprint is None or account is None:
        raise JiraError(404, "Sprint does not exist or you do not have permission to view it.")
    return {
        "contents": _contents(call, board, account),
        "sprint": _sprint(sprint),
        "lastUserToClose": "",
        "supportsPages": True,
    }


def _account(call: Call, sprint: JiraSprint) -> SprintTruth | None:
    name = sprint_name(sprint.id)
    return next((one for one in call.site.company.truth.sprints if one.sprint == name), None)


def _contents(call: Call, board: JiraBoard, account: SprintTruth) -> Json:
    lists: dict[str, Mapping[str, float | None]] = {
        "completedIssues": account.completed,
        "issuesNotCompletedInCurrentSprint": account.not_completed,
        "puntedIssues": account.removed,
        "issuesCompletedInAnotherSprint": {
            number: call.site.company.jira_issues[number].points for number in account.completed_outside
        },
    }
    first = {**account.added, **account.committed}
    contents: Json = {}
    for listed, last in lists.items():
        shown = [issue for number in last if (issue := call.site.find_issue(number))]
        initial = {issue.id: first.get(issue.id, last[issue.id]) for issue in shown}
        contents[listed] = [_issue(call, board, issue, initial[issue.id], last[issue.id]) for issue in shown]
        contents[f"{_SUMS[listed]}InitialEstimateSum"] = _sum(board, initial)
        contents[f"{_SUMS[listed]}EstimateSum"] = _sum(board, {issue.id: last[issue.id] for issue in shown})
    contents["allIssuesEstimateSum"] = _sum(
        board, {number: last[number] for last in lists.values() for number in last if call.site.find_issue(number)}
    )
    contents["issueKeysAddedDuringSprint"] = {
        issue.key: True for number in account.added if (issue := call.site.find_issue(number))
    }
    return contents


def _issue(call: Call, board: JiraBoard, issue: JiraIssue, first: float | None, last: float | None) -> Json:
    entities = call.renderer.entities
    status, kind = entities.statuses[issue.status_id], entities.issue_type(issue)
    return {
        "id": int(issue.id),
        "key": issue.key,
        "hidden": False,
        "typeName": kind["name"],
        "typeId": kind["id"],
        "summary": issue.summary,
        "typeUrl": kind["iconUrl"],
        "priorityUrl": entities.priorities[issue.priority]["iconUrl"],
        "priorityName": issue.priority,
        "done": issue.status_id in board.columns[-1][1],
        "hasCustomUserAvatar": False,
        "flagged": issue.is_flagged,
        "estimateStatistic": _statistic(board, first),
        "estimateStatisticRequired": False,
        "currentEstimateStatistic": _statistic(board, last),
        "statusId": issue.status_id,
        "statusName": status["name"],
        "statusUrl": status["iconUrl"],
        "status": {name: status[name] for name in ("id", "name", "description", "iconUrl", "statusCategory")},
        "fixVersions": [int(version) for version in issue.fix_version_ids],
        "projectId": int(issue.project_id),
        "linkedPagesCount": 0,
    }


def _statistic(board: JiraBoard, estimate: float | None) -> Json:
    """One issue counts 1 where the board counts issues; an issue without an estimate has an empty value."""
    if board.estimation_field is None:
        return {"statFieldId": "issueCount_", "statFieldValue": {"value": 1.0, "text": "1.0"}}
    value = {} if estimate is None else {"value": float(estimate), "text": str(float(estimate))}
    return {"statFieldId": f"field_{board.estimation_field}", "statFieldValue": value}


def _sum(board: JiraBoard, estimates: Mapping[str, float | None]) -> Json:
    """Nothing estimated is the text "null" without a value."""
    if board.estimation_field is None:
        values = [1.0] * len(estimates)
    else:
        values = [float(estimate) for estimate in estimates.values() if estimate is not None]
    return {"value": sum(values), "text": str(sum(values))} if values else {"text": "null"}


def _sprint(sprint: JiraSprint) -> Json:
    dates = {"Start": sprint.start_at, "End": sprint.end_at, "Complete": sprint.completed_at}
    shown: Json = {
        "id": sprint.id,
        "sequence": sprint.id,
        "name": sprint.name,
        "state": sprint.state.upper(),
        "linkedPagesCount": 0,
        "goal": sprint.goal,
        "canUpdateSprint": False,
        "remoteLinks": [],
        "daysRemaining": 0,
    }
    for name, at in dates.items():
        shown[f"{name.lower()}Date"] = _words(at)
        shown[f"iso{name}Date"] = zulu(at) if at else None
    return shown


def _words(at: datetime | None) -> str:
    """``02/Mar/26 9:00 AM``: the form in which the page shows instants."""
    if at is None:
        return "None"
    return f"{at:%d/%b/%y} {at.hour % 12 or 12}:{at:%M %p}"


ENDPOINTS = (Endpoint("GET", "/rest/greenhopper/1.0/rapid/charts/sprintreport", sprint_report),)

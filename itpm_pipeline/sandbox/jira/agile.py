"""Jira Software's agile API 1.0: boards, sprints and their issues."""

from collections.abc import Sequence
from typing import Any

from itpm_pipeline.sandbox.company import fields
from itpm_pipeline.sandbox.company.model import JiraBoard, JiraIssue, JiraSprint
from itpm_pipeline.sandbox.jira.answers import JiraError, agile_page, names, window
from itpm_pipeline.sandbox.jira.entities import Json, project_style, sprint_dates
from itpm_pipeline.sandbox.jira.field_catalog import field_names
from itpm_pipeline.sandbox.jira.instants import zulu
from itpm_pipeline.sandbox.jira.routing import Call, Endpoint
from itpm_pipeline.sandbox.jira.selection import Selection
from itpm_pipeline.sandbox.jira.site import SPRINT_STATES

MAX_ISSUES = 5000
"""The agile lists still page by ``startAt`` and, measured on a real site, give up to this many a page."""

_BOARD_TYPES = frozenset({"scrum", "kanban", "simple"})
_EPIC_COLORS = 14


# --- Boards ----------------------------------------------------------------------------------------------------


async def boards(call: Call) -> Any:
    """GET board: at most 50 a page."""
    kinds = set(names(call.request.query_params.getlist("type")))
    if kinds - _BOARD_TYPES:
        raise JiraError(400, f"Unknown board type: {', '.join(sorted(kinds - _BOARD_TYPES))}")
    name = (call.query("name") or "").lower()
    project_ref = call.query("projectKeyOrId")
    project_id = call.site.project(project_ref).id if project_ref else None
    found = [
        board
        for board in call.site.boards()
        if (not kinds or board.type in kinds)
        and name in board.name.lower()
        and (project_id is None or project_id in board.project_ids)
    ]
    page = agile_page(call.request, found, with_total=True)
    page["values"] = [_board(call, board) for board in page["values"]]
    return page


def _the_board(call: Call, ref: str | None = None) -> JiraBoard:
    ref = call.path("board") if ref is None else ref
    for board in call.site.boards():
        if str(board.id) == ref:
            return board
    raise JiraError(404, "Requested board cannot be viewed because it either does not exist or you do not have "
                         "permission to view it.")


def _board(call: Call, board: JiraBoard) -> Json:
    project = call.site.company.jira_projects[board.project_ids[0]]
    reference = call.renderer.entities.project_reference(project)
    return {
        "id": board.id,
        "self": f"{call.renderer.entities.agile}/board/{board.id}",
        "name": board.name,
        "type": board.type,
        "location": {
            "projectId": int(project.id),
            "displayName": f"{project.name} ({project.key})",
            "projectName": project.name,
            "projectKey": project.key,
            "projectTypeKey": "software",
            "avatarURI": reference["avatarUrls"]["24x24"],
            "name": f"{project.name} ({project.key})",
        },
        "isPrivate": False,
    }


async def board(call: Call) -> Any:
    """GET board/{boardId}."""
    return _board(call, _the_board(call))


async def configuration(call: Call) -> Any:
    """GET board/{boardId}/configuration: only how the board is now; no ``estimation.field`` when it counts issues.

    The real ``location`` names the project by key and id, where the specification has ``projectKeyOrId``.
    """
    found = _the_board(call)
    entities = call.renderer.entities
    project = call.site.company.jira_projects[found.project_ids[0]]
    shown: Json = {
        "id": found.id,
        "name": found.name,
        "type": found.type,
        "self": f"{entities.agile}/board/{found.id}/configuration",
        "location": {
            "type": "project",
            "key": project.key,
            "id": project.id,
            "self": f"{entities.api}/project/{project.id}",
            "name": project.name,
        },
        "filter": {"id": found.filter_id, "self": f"{entities.api}/filter/{found.filter_id}"},
        "columnConfig": {
            "columns": [
                {
                    "name": name,
                    "statuses": [
                        {"id": status_id, "self": f"{entities.api}/status/{status_id}"} for status_id in status_ids
                    ],
                }
                for name, status_ids in found.columns
            ],
            "constraintType": "none",
        },
        "ranking": {"rankCustomFieldId": int(fields.RANK.id.removeprefix("customfield_"))},
    }
    if found.type == "kanban":
        shown["subQuery"] = {"query": "fixVersion in unreleasedVersions() OR fixVersion is EMPTY"}
    else:
        shown["estimation"] = _estimation(found)
    return shown


def _estimation(found: JiraBoard) -> Json:
    field_id = found.estimation_field
    if field_id is None:
        return {"type": "issueCount"}
    return {"type": "field", "field": {"fieldId": field_id, "displayName": field_names().get(field_id, field_id)}}


async def board_projects(call: Call) -> Any:
    """GET board/{boardId}/project, in order of names."""
    searchable = {project.id: project for project in call.site.searchable_projects()}
    found = [searchable[project_id] for project_id in _the_board(call).project_ids if project_id in searchable]
    found.sort(key=lambda project: project.name)
    page = agile_page(call.request, found, with_total=True)
    page["values"] = [
        call.renderer.entities.project_reference(project) | {"style": project_style(project)}
        for project in page["values"]
    ]
    return page


# --- Sprints ---------------------------------------------------------------------------------------------------


async def board_sprints(call: Call) -> Any:
    """GET board/{boardId}/sprint: closed, active, future; also sprints of other boards whose issues it shows.

    The real list has no ``total``, though the specification's example shows one.
    """
    found = _the_board(call)
    if found.type != "scrum":
        raise JiraError(400, "The board does not support sprints")
    wanted = set(names(call.request.query_params.getlist("state"))) or set(SPRINT_STATES)
    if wanted - set(SPRINT_STATES):
        raise JiraError(400, f"Unknown sprint state: {', '.join(sorted(wanted - set(SPRINT_STATES)))}")
    sprints = [sprint for sprint in call.site.sprints_of(found) if sprint.state in wanted]
    page = agile_page(call.request, sprints, with_total=False)
    page["values"] = [_sprint(call, sprint) for sprint in page["values"]]
    return page


def _the_sprint(call: Call) -> JiraSprint:
    ref = call.path("sprint")
    found = call.site.company.sprints.get(int(ref)) if ref.isdigit() else None
    seen_by = {sprint.id for shown in call.site.boards() for sprint in call.site.sprints_of(shown)}
    if found is None or found.id not in seen_by:
        raise JiraError(404, "Sprint does not exist or you do not have permission to view it.")
    return found


def _sprint(call: Call, sprint: JiraSprint) -> Json:
    shown: Json = {
        "id": sprint.id,
        "self": f"{call.renderer.entities.agile}/sprint/{sprint.id}",
        "state": sprint.state,
        "name": sprint.name,
    }
    shown |= sprint_dates(sprint)
    return shown | {
        "createdDate": zulu(sprint.created_at),
        "originBoardId": sprint.board_id,
        "goal": sprint.goal,
    }


async def sprint(call: Call) -> Any:
    """GET sprint/{sprintId}."""
    return _sprint(call, _the_sprint(call))


# --- Issues ----------------------------------------------------------------------------------------------------


async def board_issues(call: Call) -> Any:
    """GET board/{boardId}/issue: issues in the board's columns; epics are not on scrum boards."""
    found = _the_board(call)
    return _issue_page(call, [issue for issue in _filtered(call, found) if _is_on(call, issue, found)])


async def sprint_issues(call: Call) -> Any:
    """GET sprint/{sprintId}/issue: every issue with the sprint in its Sprint field."""
    return _issue_page(call, call.site.issues_in(_the_sprint(call).id))


async def board_sprint_issues(call: Call) -> Any:
    """GET board/{boardId}/sprint/{sprintId}/issue: those of them in the board's projects."""
    projects = set(_the_board(call).project_ids)
    issues = call.site.issues_in(_the_sprint(call).id)
    return _issue_page(call, [issue for issue in issues if issue.project_id in projects])


def _filtered(call: Call, found: JiraBoard) -> list[JiraIssue]:
    return sorted(call.site.updated_between(found.project_ids, None, None), key=lambda issue: int(issue.id))


def _is_on(call: Call, issue: JiraIssue, found: JiraBoard) -> bool:
    mapped = any(issue.status_id in status_ids for _, status_ids in found.columns)
    return mapped and not (found.type == "scrum" and _level(call, issue) > 0)


def _level(call: Call, issue: JiraIssue) -> int:
    return int(call.renderer.entities.issue_type(issue)["hierarchyLevel"])


def _issue_page(call: Call, issues: Sequence[JiraIssue]) -> Json:
    parameters = call.request.query_params
    narrowed = call.query("jql")
    if narrowed:
        matches = {issue.id for issue in call.finder.find(narrowed).issues}
        issues = [issue for issue in issues if issue.id in matches]
    start, size = window(call.request, default=50, cap=MAX_ISSUES)
    selection = Selection.of(
        names(parameters.getlist("fields")),
        default="*navigable",
        changelog="changelog" in names(parameters.getlist("expand")),
    )
    return {
        "expand": "schema,names",
        "startAt": start,
        "maxResults": size,
        "total": len(issues),
        "issues": [call.renderer.issue(issue, selection) for issue in issues[start : start + size]],
    }


async def board_epics(call: Call) -> Any:
    """GET board/{boardId}/epic: ``done`` filters by the epic's own mark."""
    done = call.query("done")
    statuses = call.site.company.statuses
    shown = []
    for issue in _filtered(call, _the_board(call)):
        is_done = statuses[issue.status_id].category == "done"
        if _level(call, issue) == 1 and done in (None, "", str(is_done).lower()):
            shown.append(
                {
                    "id": int(issue.id),
                    "key": issue.key,
                    "self": f"{call.renderer.entities.agile}/epic/{issue.id}",
                    "name": issue.summary,
                    "summary": issue.summary,
                    "color": {"key": f"color_{int(issue.id) % _EPIC_COLORS + 1}"},
                    "done": is_done,
                }
            )
    return agile_page(call.request, shown, with_total=False)


async def estimation(call: Call) -> Any:
    """GET issue/{issueIdOrKey}/estimation?boardId=…: the value of the field by which the board estimates."""
    board_id = call.query("boardId")
    if not board_id:
        raise JiraError(400, "The boardId query parameter is required.")
    issue = call.site.issue(call.path("ref"))
    found = _the_board(call, board_id)
    if issue.project_id not in found.project_ids:
        raise JiraError(404, f"The issue {issue.key} does not belong to the board.")
    if found.estimation_field is None:
        return {}
    if found.estimation_field == "timeoriginalestimate":
        value = None if issue.original_seconds is None else str(issue.original_seconds)
    else:
        value = None if issue.points is None else str(float(issue.points))
    return {"fieldId": found.estimation_field} | ({} if value is None else {"value": value})


ENDPOINTS = (
    Endpoint("GET", "/rest/agile/1.0/board", boards),
    Endpoint("GET", "/rest/agile/1.0/board/{board}", board),
    Endpoint("GET", "/rest/agile/1.0/board/{board}/configuration", configuration),
    Endpoint("GET", "/rest/agile/1.0/board/{board}/project", board_projects),
    Endpoint("GET", "/rest/agile/1.0/board/{board}/sprint", board_sprints),
    Endpoint("GET", "/rest/agile/1.0/board/{board}/sprint/{sprint}/issue", board_sprint_issues),
    Endpoint("GET", "/rest/agile/1.0/board/{board}/issue", board_issues),
    Endpoint("GET", "/rest/agile/1.0/board/{board}/epic", board_epics),
    Endpoint("GET", "/rest/agile/1.0/sprint/{sprint}", sprint),
    Endpoint("GET", "/rest/agile/1.0/sprint/{sprint}/issue", sprint_issues),
    Endpoint("GET", "/rest/agile/1.0/issue/{ref}/estimation", estimation),
)

"""Records of a site to rows: projects, statuses, boards, sprints, releases."""

from collections.abc import Mapping
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.vocabulary import BoardType, ContainerType, SprintKind, SprintState, StatusCategory
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.jira.context import JiraContext
from itpm_pipeline.sources.jira.mapping_people import People
from itpm_pipeline.sources.jira.text import plain_text
from itpm_pipeline.sources.jira.values import day, instant, mapping, native_id, objects, observed, text

CATEGORIES = {
    "new": StatusCategory.TODO,
    "indeterminate": StatusCategory.IN_PROGRESS,
    "done": StatusCategory.DONE,
    "undefined": StatusCategory.UNMAPPED,
}


def map_project(payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Project."""
    del record
    key = text(payload.get("key"))
    rows.add("project", {
        "project_id": context.ref("project", native_id(payload, "project")),
        "container_type": ContainerType.JIRA_PROJECT,
        "project_key": key,
        "name": text(payload.get("name")),
        "description": plain_text(payload.get("description")),
        "lead_person_id": People(context, rows).add(payload.get("lead")),
        "category": text(mapping(payload.get("projectCategory")).get("name")),
        "url": web_address(payload, f"browse/{key}"),
        "is_archived": bool(payload.get("archived")),
        "is_readable": True,
        "skip_reason": None,
    })  # fmt: skip
    known = payload.get("projectKeys")
    for name in dict.fromkeys([key, *(known if isinstance(known, list) else ())]):
        if name:
            rows.add("project_key_alias", {"project_id": context.ref("project", payload["id"]), "project_key": name})


def map_status(payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Status. A category we do not know rejects the record: guessing would move work between done and not done."""
    del record
    key = mapping(payload.get("statusCategory")).get("key")
    if key not in CATEGORIES:
        raise MappingError(f"status {payload.get('id')} has the unknown category {key!r}")
    rows.add("status", {
        "status_id": context.ref("status", native_id(payload, "status")),
        "name": text(payload.get("name")),
        "category": CATEGORIES[key],
    })  # fmt: skip


def map_board(payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Board; its row draws on three records, and is mapped with each of them."""
    del record
    _board_row(str(payload.get("id")), context, rows)


def map_board_configuration(
    payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows
) -> None:
    """Columns of a board, as observed now."""
    number = native_id(payload, "board configuration")
    board_id = context.ref("board", number)
    _board_row(number, context, rows)
    columns = objects(mapping(payload.get("columnConfig")).get("columns"))
    shown: set[str] = set()
    for ordinal, column in enumerate(columns):
        for status in objects(column.get("statuses")):
            status_id = context.ref("status", native_id(status, f"a status of board {number}"))
            if status_id not in shown:
                shown.add(status_id)
                rows.add("board_column_status", {
                    "board_id": board_id,
                    "status_id": status_id,
                    "observed_at": record.fetched_at,
                    "column_name": text(column.get("name")),
                    "column_ordinal": ordinal,
                    "column_count": len(columns),
                    "is_done_column": ordinal == len(columns) - 1,
                })  # fmt: skip
    estimation = context.estimation_field(number)
    _observe(rows, record, "board", board_id, {"estimation_field_id": estimation[0] if estimation else None})


def map_board_projects(
    payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows
) -> None:
    """Projects whose issues a board shows."""
    del record
    board_id = context.ref("board", payload.get("boardId"))
    rows.replace("board_project", board_id)
    for project in dict.fromkeys(native_id(one, "a project of a board") for one in objects(payload.get("projects"))):
        rows.add("board_project", {"board_id": board_id, "project_id": context.ref("project", project)})


def map_board_sprints(
    payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows
) -> None:
    """Sprints a board lists. A board whose list is denied keeps the sprints it was seen with."""
    del record
    board_id = context.ref("board", payload.get("boardId"))
    _board_row(str(payload.get("boardId")), context, rows)
    if payload.get("support") == "denied":
        return
    rows.replace("board_sprint", board_id)
    for sprint in dict.fromkeys(payload.get("sprintIds") or ()):
        rows.add("board_sprint", {"board_id": board_id, "sprint_id": context.ref("sprint", sprint)})


def map_sprint(payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Sprint as a board lists it."""
    sprint_row(payload, record, context, rows)


def sprint_row(payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Sprint in the shape of the Agile API or of the sprint field of an issue (boardId for originBoardId)."""
    number = native_id(payload, "sprint")
    sprint_id, what = context.ref("sprint", number), f"sprint {number}"
    state = str(payload.get("state") or "").lower()
    if state not in set(SprintState):
        raise MappingError(f"{what} has the unknown state {state!r}")
    board = payload.get("originBoardId") or payload.get("boardId")
    start, end = instant(payload.get("startDate"), what), instant(payload.get("endDate"), what)
    completed = instant(payload.get("completeDate"), what)
    rows.add("sprint", {
        "sprint_id": sprint_id,
        "kind": SprintKind.JIRA_SPRINT,
        "board_id": context.ref("board", board) if board else None,
        "name": text(payload.get("name")),
        "goal": text(payload.get("goal")),
        "state": state,
        "start_at": start,
        "planned_end_at": end,
        "activated_at": instant(payload.get("activatedDate"), what),
        "completed_at": completed,
        "created_at": instant(payload.get("createdDate"), what),
        "duration_days": (end - start).total_seconds() / 86400 if start and end else None,
        "is_deleted": False,
    })  # fmt: skip
    seen = {"state": state, "start_at": start, "planned_end_at": end, "completed_at": completed}
    _observe(rows, record, "sprint", sprint_id, seen)


def map_version(payload: Mapping[str, Any], record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Release. When it was released no API tells: the observations do, as precisely as we read."""
    number = native_id(payload, "release")
    version_id, what = context.ref("version", number), f"release {number}"
    release, released = day(payload.get("releaseDate"), what), bool(payload.get("released"))
    start = day(payload.get("startDate"), what)
    rows.add("release_version", {
        "version_id": version_id,
        "project_id": context.ref("project", payload["projectId"]) if payload.get("projectId") else None,
        "kind": "jira_version",
        "name": text(payload.get("name")),
        "description": text(payload.get("description")),
        "start_date": start,
        "release_date": release,
        "released": released,
        "released_at": None,
        "archived": bool(payload.get("archived")),
        "url": web_address(payload, f"projects/{record.project}/versions/{number}"),
    })  # fmt: skip
    seen = {"release_date": release, "released": released, "start_date": start}
    _observe(rows, record, "release_version", version_id, seen)


def web_address(payload: Mapping[str, Any], page: str) -> str | None:
    """Address of a page for people, from the address of the record itself."""
    base, found, _ = str(payload.get("self") or "").partition("/rest/")
    return f"{base}/{page}" if found else None


def _board_row(number: str, context: JiraContext, rows: CanonicalRows) -> None:
    """The row of a board out of everything known of it: the same whichever of its records is mapped."""
    board, configuration = context.boards.get(number, {}), context.configurations.get(number, {})
    location = mapping(board.get("location"))
    estimation = context.estimation_field(number)
    support = context.board_sprints.get(number, {}).get("support")
    rows.add("board", {
        "board_id": context.ref("board", number),
        "name": text(board.get("name") or configuration.get("name")),
        "type": _board_type(context.board_type(number), support),
        "project_id": context.ref("project", location["projectId"]) if location.get("projectId") else None,
        "filter": text(mapping(configuration.get("filter")).get("id")),
        "estimation_field_id": estimation[0] if estimation else None,
        "estimation_field_name": text(estimation[1]) if estimation else None,
        "column_constraint": text(mapping(configuration.get("columnConfig")).get("constraintType")),
        "sprint_support": support,
        "url": web_address(board, f"secure/RapidBoard.jspa?rapidView={number}"),
    })  # fmt: skip


def _board_type(told: str | None, support: str | None) -> str:
    """Boards of team-managed projects say "simple": they are scrum boards if they have sprints."""
    if told in (BoardType.SCRUM, BoardType.KANBAN):
        return told
    return BoardType.SCRUM if support == "supported" else BoardType.KANBAN


def _observe(rows: CanonicalRows, record: RawRecord, kind: str, entity_id: str, values: Mapping[str, Any]) -> None:
    """Values of fields without history, as they are now."""
    for field, value in values.items():
        rows.add("field_observation", {
            "entity_kind": kind,
            "entity_id": entity_id,
            "field": field,
            "observed_at": record.fetched_at,
            "value": observed(value),
        })  # fmt: skip

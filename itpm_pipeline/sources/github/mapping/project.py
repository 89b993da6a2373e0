"""Maps repositories and projects (v2): containers of issues, boards, columns, iterations."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import orjson

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.vocabulary import BoardType, ContainerType, SprintKind
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping.status import BASE_STATUSES
from itpm_pipeline.sources.github.mapping.values import day, nodes, required

ISSUES_DISABLED = "issues are disabled in this repository"
DISABLED = "GitHub has disabled this repository"

ITERATIONS = "iterations"
"""Observed field of a board: the sprint ids of its iterations, a sorted JSON list."""


def map_repository(node: Mapping[str, Any], _record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """A repository, and the statuses of issues that are in no project."""
    reason = skip_reason(is_disabled=node.get("isDisabled"), has_issues=node.get("hasIssuesEnabled"))
    rows.add("project", {
        "project_id": context.id(required(node, "id")),
        "container_type": ContainerType.GITHUB_REPOSITORY.value,
        "project_key": required(node, "nameWithOwner"),
        "name": node.get("name"),
        "description": node.get("description") or None,
        "url": node.get("url"),
        "is_archived": bool(node.get("isArchived")),
        "is_readable": reason is None,
        "skip_reason": reason,
        "default_branch": (node.get("defaultBranchRef") or {}).get("name"),
    })  # fmt: skip
    rows.add("project_key_alias", {
        "project_id": context.id(required(node, "id")), "project_key": required(node, "nameWithOwner"),
    })  # fmt: skip
    for name, (words, category) in BASE_STATUSES.items():
        rows.add("status", {"status_id": context.status_id(name), "name": words, "category": category})


def skip_reason(*, is_disabled: bool | None, has_issues: bool | None) -> str | None:
    """Why the issues of a repository cannot be read, in words; None: they can (GitHub may not tell: None)."""
    if is_disabled:
        return DISABLED
    return ISSUES_DISABLED if has_issues is False else None


def map_project(node: Mapping[str, Any], record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """A project (v2) as a container of issues and as a board, with its columns and iterations."""
    board_id = context.id(required(node, "id"))
    fields = context.meaning_of(node)
    title = str(node.get("title") or "")
    rows.add("project", {
        "project_id": board_id,
        "container_type": ContainerType.GITHUB_PROJECT.value,
        "project_key": _project_key(node),
        "name": title,
        "description": node.get("shortDescription") or None,
        "url": node.get("url"),
        "is_archived": bool(node.get("closed")),
        "is_readable": True,
    })  # fmt: skip
    rows.add("board", {
        "board_id": board_id,
        "name": title,
        "type": BoardType.GITHUB_PROJECT.value,
        "project_id": board_id,
        "estimation_field_id": fields.estimate,
        "estimation_field_name": fields.estimate_name,
        "sprint_support": "supported" if fields.iteration else "unsupported",
        "url": node.get("url"),
    })  # fmt: skip
    rows.replace("board_project", board_id)
    for repository in nodes(node, "repositories"):
        rows.add("board_project", {"board_id": board_id, "project_id": context.id(repository["id"])})
    _add_columns(node, record, context, rows)
    rows.replace("board_sprint", board_id)
    shown: list[str] = []
    for iteration in _iterations(node, fields.iteration):
        sprint_id = context.iteration_id(str(fields.iteration), str(iteration["id"]))
        shown.append(sprint_id)
        rows.add("board_sprint", {"board_id": board_id, "sprint_id": sprint_id})
        _add_iteration(sprint_id, board_id, iteration, record, rows)
    _observe(rows, record, "board", board_id, {"estimation_field_id": fields.estimate})
    if fields.iteration:
        # Editing the list may give iterations new ids and take the old ones from all items: what vanished from issues
        # at the same reading was not taken out by a person.
        listed = {ITERATIONS: orjson.dumps(sorted(shown)).decode()}
        _observe(rows, record, "board", board_id, listed, scope=fields.iteration)


def _add_columns(node: Mapping[str, Any], record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """Each option of the status field is a column and a status; the right-most column is the done column."""
    fields = context.meaning_of(node)
    for place, option in enumerate(fields.options):
        status_id = context.option_id(str(fields.status), option.id)
        rows.add("status", {"status_id": status_id, "name": option.name, "category": option.category})
        rows.add("board_column_status", {
            "board_id": context.id(node["id"]),
            "status_id": status_id,
            "observed_at": record.fetched_at,
            "column_name": option.name,
            "column_ordinal": place,
            "column_count": len(fields.options),
            "is_done_column": place == len(fields.options) - 1,
        })  # fmt: skip


def _iterations(node: Mapping[str, Any], field_id: str | None) -> Iterator[Mapping[str, Any]]:
    """Iterations of the field that holds the sprints, completed ones included.

    An iteration without an id is left out: nothing could refer to it.
    """
    for one in nodes(node, "fields"):
        if field_id is None or one.get("id") != field_id:
            continue
        configuration = one.get("configuration") or {}
        for iteration in (*(configuration.get("iterations") or ()), *(configuration.get("completedIterations") or ())):
            if iteration.get("id"):
                yield iteration


def _add_iteration(
    sprint_id: str, board_id: str, iteration: Mapping[str, Any], record: RawRecord, rows: CanonicalRows
) -> None:
    """A time-box known by its dates only; the time zone that makes instants of them is a setting.

    Editing the iteration list gives its iterations new ids. Two sprints with the same (board_id, field in the id,
    name, start_date, duration_days) are therefore the same iteration.
    """
    start = day(required(iteration, "startDate"))
    days = int(required(iteration, "duration"))
    end = start + timedelta(days=days) if start else None
    rows.add("sprint", {
        "sprint_id": sprint_id,
        "kind": SprintKind.GITHUB_ITERATION.value,
        "board_id": board_id,
        "project_id": board_id,
        "name": iteration.get("title"),
        "start_date": start,
        "end_date": end,
        "duration_days": float(days),
        "is_deleted": False,
    })  # fmt: skip
    _observe(rows, record, "sprint", sprint_id, {"name": iteration.get("title"), "start_date": start, "end_date": end})


def _observe(
    rows: CanonicalRows,
    record: RawRecord,
    kind: str,
    entity_id: str,
    values: Mapping[str, Any],
    *,
    scope: str | None = None,
) -> None:
    """Values of fields without history, as they are now."""
    for field, value in values.items():
        rows.add("field_observation", {
            "entity_kind": kind,
            "entity_id": entity_id,
            "field": field,
            "scope": scope,
            "observed_at": record.fetched_at,
            "value": None if value is None else str(value),
        })  # fmt: skip


def _project_key(node: Mapping[str, Any]) -> str:
    owner = (node.get("owner") or {}).get("login")
    return f"{owner}/projects/{node['number']}" if owner and node.get("number") else str(node["id"])

"""Maps raw GitHub records to canonical rows: pure functions of a record and the context.

Which record owns which rows, so that records may be loaded in any order and never undo each other:

================ ===============================================================================================
record           rows
================ ===============================================================================================
``issues``       ``issue``; all children of the issue (events, links, ``issue_sprint`` and ``issue_version`` of
                 its milestone, alias, history); ``field_observation`` where it left a project
``project_items`` ``field_observation`` of the issue alone: status, sprint (iteration), points, dates
``projects_v2``  ``project``, ``board``, ``board_project``, ``board_sprint``, ``board_column_status``, ``status``
                 of its options, ``sprint`` of its iterations
``milestones``   ``sprint``, ``release_version``, ``field_observation`` of title, dates and state
================ ===============================================================================================

**Status.** ``issue.status_id`` is what the issue's own record tells: ``closed``; else the option a status change in
its timeline set last (an option of category done counts until the issue is reopened); else ``in_progress`` (assignee,
label of ``in_progress_labels`` or open linked pull request); else ``open``. An assignment to an account that is gone
counts until it is taken back: the account's end leaves no event. Its ``status`` events are the history of
exactly that, so closed always wins. Observations of field ``status`` are the project's current option with the
instant it was set: for an open issue the later of the last ``status`` event and the last observation holds; for a
closed one the observation tells its column only.

**Points.** ``issue.estimate_points`` comes from the organisation's issue field, if there is one; observations of
``estimate_points`` (a project's number field) hold where it is null.

**Sprints.** Milestones: ``issue_sprint`` and ``sprint`` events. Iterations: observations of ``sprint``, whose
``value`` is the sprint id, null for none, and ``scope`` the iteration field; a membership belongs to its scope, as an
issue may be in several projects. GitHub tells milestones in history by title only: the event carries the sprint id
where that is the issue's milestone of today, else ``title:{title}``, to be looked up in the repository's milestones.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.extract.source import MappingContext
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping.delivery import (
    map_deployment,
    map_milestone,
    map_release,
)
from itpm_pipeline.sources.github.mapping.issue import map_issue
from itpm_pipeline.sources.github.mapping.item import map_item
from itpm_pipeline.sources.github.mapping.project import map_project, map_repository
from itpm_pipeline.sources.github.mapping.pull_request import map_pull_request

Mapper = Callable[[Mapping[str, Any], RawRecord, GithubContext, CanonicalRows], None]


def _map_nothing(_node: Mapping[str, Any], _record: RawRecord, _context: GithubContext, _rows: CanonicalRows) -> None:
    """Landed for people to look at; no table holds it."""


MAPPERS: dict[str, Mapper] = {
    "organizations": _map_nothing,
    "issue_types": _map_nothing,
    "projects_v2": map_project,
    "project_items": map_item,
    "repository": map_repository,
    "milestones": map_milestone,
    "issues": map_issue,
    "pull_requests": map_pull_request,
    "releases": map_release,
    "deployments": map_deployment,
}


class GithubMapper:
    """Maps the records of one GitHub; implements :class:`itpm_pipeline.extract.source.RecordMapper`."""

    kind: str = "github"

    def __init__(self, tracker: str) -> None:
        self.tracker = tracker

    def map_record(self, record: RawRecord, context: MappingContext, rows: CanonicalRows) -> None:
        """Append the canonical rows of one raw record. Raises MappingError to reject the record."""
        if not isinstance(context, GithubContext):
            raise TypeError(f"a GithubContext is needed, {type(context).__name__} was given")
        map_record(record, context, rows)


def map_record(record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """Append the rows of one record.

    Raises:
        MappingError: The record lacks something it cannot do without; nothing was appended.
    """
    mapper = MAPPERS.get(record.stream)
    if mapper is None:
        raise MappingError(f"unknown stream {record.stream}")
    mapped = CanonicalRows()
    try:
        mapper(orjson.loads(record.payload), record, context, mapped)
    except MappingError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MappingError(f"{record.stream} {record.native_id}: {type(error).__name__}: {error}") from error
    rows.extend(mapped)


__all__ = ["MAPPERS", "GithubMapper", "map_record"]

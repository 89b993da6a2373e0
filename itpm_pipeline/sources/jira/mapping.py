"""From a raw record to canonical rows: which mapper is for which stream."""

from collections.abc import Callable, Mapping
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.extract import json_text
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.extract.source import MappingContext
from itpm_pipeline.sources.jira.context import JiraContext
from itpm_pipeline.sources.jira.mapping_history import map_changelog, map_worklogs
from itpm_pipeline.sources.jira.mapping_issue import map_issue
from itpm_pipeline.sources.jira.mapping_links import map_remote_links
from itpm_pipeline.sources.jira.mapping_reports import map_sprint_report
from itpm_pipeline.sources.jira.mapping_site import (
    map_board,
    map_board_configuration,
    map_board_projects,
    map_board_sprints,
    map_project,
    map_sprint,
    map_status,
    map_version,
)

Mapper = Callable[[Mapping[str, Any], RawRecord, JiraContext, CanonicalRows], None]

MAPPERS: Mapping[str, Mapper | None] = {
    "server_info": None,
    "fields": None,
    "issue_types": None,
    "priorities": None,
    "resolutions": None,
    "link_types": None,
    "projects": map_project,
    "statuses": map_status,
    "boards": map_board,
    "board_configurations": map_board_configuration,
    "board_projects": map_board_projects,
    "board_sprints": map_board_sprints,
    "sprints": map_sprint,
    "sprint_reports": map_sprint_report,
    "versions": map_version,
    "issues": map_issue,
    "changelogs": map_changelog,
    "worklogs": map_worklogs,
    "remote_links": map_remote_links,
}
"""None: landed for reference, no rows of its own."""


class JiraMapper:
    """Maps the records of one site; implements :class:`itpm_pipeline.extract.source.RecordMapper`."""

    kind: str = "jira"

    def __init__(self, tracker: str) -> None:
        self.tracker = tracker

    def map_record(self, record: RawRecord, context: MappingContext, rows: CanonicalRows) -> None:
        """Append the canonical rows of one raw record. Raises MappingError to reject the record."""
        if not isinstance(context, JiraContext):
            raise TypeError(f"a context of Jira is needed, not {type(context).__name__}")
        map_record(record, context, rows)


def map_record(record: RawRecord, context: JiraContext, rows: CanonicalRows) -> None:
    """Append the canonical rows of one raw record. Pure. Raises MappingError to reject it."""
    if record.stream not in MAPPERS:
        raise MappingError(f'Jira has no stream "{record.stream}"')
    mapper = MAPPERS[record.stream]
    if mapper is None:
        return
    try:
        payload = json_text.loads(record.payload)
    except ValueError as error:
        raise MappingError(f"the payload is no JSON: {error}") from None
    if not isinstance(payload, Mapping):
        raise MappingError("the payload is no object")
    mapper(payload, record, context, rows)

"""Maps an item of a project (v2) to observations of its issue.

GitHub keeps no history of iterations, numbers and dates: each version of an item we saw is one observation, with the
instant the value was set. A value that is not set has no such instant; the item's own last change bounds it.
Drafts, pull requests and items hidden from us (``REDACTED``) are no issues and give no rows.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.canonical.vocabulary import EventField
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext, ProjectFields
from itpm_pipeline.sources.github.mapping.values import field_values, instant, required

NOT_ISSUES = frozenset({"DRAFT_ISSUE", "PULL_REQUEST", "REDACTED"})


def map_item(node: Mapping[str, Any], record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """Observations of one issue in one project."""
    if required(node, "type") in NOT_ISSUES:
        return
    content = node.get("content") or {}
    if not content.get("id"):
        return  # the issue is in a repository we may not see
    project = str(required(node.get("project") or {}, "id"))
    fields = context.projects.get(project)
    if fields is None:
        raise MappingError(f"project {project} of this item is not known")
    values = {field_id: value for field_id, _, value in field_values(node, "fieldValues")}
    for field, scope, value in _observed(fields, values, context):
        set_at = values[scope].get("updatedAt") if scope in values else node.get("updatedAt")
        rows.add("field_observation", {
            "entity_kind": "issue",
            "entity_id": context.id(content["id"]),
            "field": field.value,
            "scope": scope,
            "observed_at": record.fetched_at,
            "value": value,
            "source_updated_at": instant(set_at),
        })  # fmt: skip


def _observed(
    fields: ProjectFields, values: Mapping[str, Mapping[str, Any]], context: GithubContext
) -> Iterator[tuple[EventField, str, str | None]]:
    """(field, native field id, value as text) for every field of the project that means something to us."""
    if fields.status:
        option = values.get(fields.status, {}).get("optionId")
        yield EventField.STATUS, fields.status, context.option_id(fields.status, option) if option else None
    if fields.iteration:
        iteration = values.get(fields.iteration, {}).get("iterationId")
        sprint = context.iteration_id(fields.iteration, iteration) if iteration else None
        yield EventField.SPRINT, fields.iteration, sprint
    if fields.estimate:
        number = values.get(fields.estimate, {}).get("number")
        yield EventField.ESTIMATE_POINTS, fields.estimate, None if number is None else repr(float(number))
    for role, field in ((EventField.START_DATE, fields.start_date), (EventField.DUE_DATE, fields.due_date)):
        if field:
            yield role, field, values.get(field, {}).get("date")

"""The fields of the site as ``/field`` lists them."""

from itpm_pipeline.sandbox.company import fields
from itpm_pipeline.sandbox.jira.entities import Json

_SYSTEM = (
    # id, name, type, items, searchable clause names
    ("summary", "Summary", "string", None, ("summary",)),
    ("issuetype", "Issue Type", "issuetype", None, ("issuetype", "type")),
    ("project", "Project", "project", None, ("project",)),
    ("status", "Status", "status", None, ("status",)),
    ("statusCategory", "Status Category", "statusCategory", None, ("statusCategory",)),
    ("statuscategorychangedate", "Status Category Changed", "datetime", None, ("statusCategoryChangedDate",)),
    ("resolution", "Resolution", "resolution", None, ("resolution",)),
    ("resolutiondate", "Resolved", "datetime", None, ("resolutiondate", "resolved")),
    ("created", "Created", "datetime", None, ("created", "createdDate")),
    ("updated", "Updated", "datetime", None, ("updated", "updatedDate")),
    ("lastViewed", "Last Viewed", "datetime", None, ("lastViewed",)),
    ("duedate", "Due date", "date", None, ("due", "duedate")),
    ("priority", "Priority", "priority", None, ("priority",)),
    ("labels", "Labels", "array", "string", ("labels",)),
    ("assignee", "Assignee", "user", None, ("assignee",)),
    ("reporter", "Reporter", "user", None, ("reporter",)),
    ("creator", "Creator", "user", None, ("creator",)),
    ("description", "Description", "string", None, ("description",)),
    ("environment", "Environment", "string", None, ("environment",)),
    ("fixVersions", "Fix versions", "array", "version", ("fixVersion",)),
    ("versions", "Affects versions", "array", "version", ("affectedVersion",)),
    ("components", "Components", "array", "component", ("component",)),
    ("issuelinks", "Linked Issues", "array", "issuelinks", ("issueLink",)),
    ("subtasks", "Sub-tasks", "array", "issuelinks", ("subtasks",)),
    ("parent", "Parent", "issuelink", None, ("parent",)),
    ("security", "Security Level", "securitylevel", None, ("level",)),
    ("attachment", "Attachment", "array", "attachment", ("attachments",)),
    ("issuerestriction", "Restrict to", "issuerestriction", None, ()),
    ("watches", "Watchers", "watches", None, ("watchers",)),
    ("votes", "Votes", "votes", None, ("votes",)),
    ("comment", "Comment", "comments-page", None, ("comment",)),
    ("worklog", "Log Work", "array", "worklog", ()),
    ("timetracking", "Time tracking", "timetracking", None, ()),
    ("timeoriginalestimate", "Original estimate", "number", None, ("originalEstimate", "timeoriginalestimate")),
    ("timeestimate", "Remaining Estimate", "number", None, ("remainingEstimate", "timeestimate")),
    ("timespent", "Time Spent", "number", None, ("timespent",)),
    ("aggregatetimeoriginalestimate", "Σ Original Estimate", "number", None, ()),
    ("aggregatetimeestimate", "Σ Remaining Estimate", "number", None, ()),
    ("aggregatetimespent", "Σ Time Spent", "number", None, ()),
    ("workratio", "Work Ratio", "number", None, ("workratio",)),
    ("progress", "Progress", "progress", None, ("progress",)),
    ("aggregateprogress", "Σ Progress", "progress", None, ()),
)


def _system_field(field_id: str, name: str, kind: str, items: str | None, clauses: tuple[str, ...]) -> Json:
    schema: Json = {"type": kind, "system": field_id}
    if items:
        schema = {"type": kind, "items": items, "system": field_id}
    return {
        "id": field_id,
        "key": field_id,
        "name": name,
        "custom": False,
        "orderable": field_id not in ("created", "updated", "status", "creator"),
        "navigable": field_id not in ("comment", "worklog", "attachment", "timetracking"),
        "searchable": bool(clauses),
        "clauseNames": list(clauses),
        "schema": schema,
    }


def _custom_field(field: fields.CustomField) -> Json:
    number = int(field.id.removeprefix("customfield_"))
    schema: Json = {"type": field.schema_type, "custom": field.schema_custom, "customId": number}
    if field.schema_items:
        schema["items"] = field.schema_items
    return {
        "id": field.id,
        "key": field.id,
        "name": field.name,
        "untranslatedName": field.name,
        "custom": True,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": sorted({f"cf[{number}]", field.name}),
        "schema": schema,
    }


FIELDS: tuple[Json, ...] = (
    *(_system_field(*row) for row in _SYSTEM),
    *(_custom_field(field) for field in fields.CUSTOM_FIELDS),
)
"""Every field, as ``/field`` shows them; ``untranslatedName`` is not in the specification but in real answers."""


def field_names() -> dict[str, str]:
    """Field id to name."""
    return {field["id"]: field["name"] for field in FIELDS}


def field_schemas() -> dict[str, Json]:
    """Field id to schema."""
    return {field["id"]: field["schema"] for field in FIELDS}

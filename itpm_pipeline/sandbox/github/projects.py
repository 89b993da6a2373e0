"""Fields of Projects v2: projects, their fields, items and values."""

from datetime import timedelta
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue, GithubProject
from itpm_pipeline.sandbox.github.accounts import REPOSITORY_ORDERS
from itpm_pipeline.sandbox.github.connections import Key, Page, chosen_order, connect
from itpm_pipeline.sandbox.github.entities import (
    FieldValue,
    OwnedItem,
    ProjectField,
    ScheduledIteration,
    StatusOption,
    derived_id,
    derived_number,
)
from itpm_pipeline.sandbox.github.execution import Call, Resolver
from itpm_pipeline.sandbox.github.issues import assigned
from itpm_pipeline.sandbox.github.project_fields import fields_of, status_options, values_of
from itpm_pipeline.sandbox.github.project_search import matches
from itpm_pipeline.sandbox.github.repository import ordered_labels


def _items(project: GithubProject, call: Call) -> Page:
    directory, archived = call.world.directory, call.args["archivedStates"] or ["NOT_ARCHIVED"]
    owned = [OwnedItem(project, item) for item in project.items]
    shown = [
        each
        for each in owned
        if ("ARCHIVED" if each.item.is_archived else "NOT_ARCHIVED") in archived
        and directory.is_listed(each.item)
        and matches(each, call.args["query"], call.world)
    ]
    # POSITION is the only order there is.
    if (call.args["orderBy"] or {}).get("direction") == "DESC":
        shown.reverse()
    return connect(shown, call)


def _fields(project: GithubProject, call: Call) -> Page:
    fields = fields_of(project)
    places = {field.node_id: place for place, field in enumerate(fields)}
    orders: dict[str, Key] = {
        "CREATED_AT": lambda field: [places[field.node_id]],
        "NAME": lambda field: [field.name],
        "POSITION": lambda field: [places[field.node_id]],
    }
    return connect(fields, call, chosen_order(call.args["orderBy"], orders, ("POSITION", "ASC")))


def _field(project: GithubProject, call: Call) -> ProjectField | None:
    return next((field for field in fields_of(project) if field.name.lower() == call.args["name"].lower()), None)


def _repositories(project: GithubProject, call: Call) -> Page:
    known = call.world.directory.repositories
    order = chosen_order(call.args["orderBy"], REPOSITORY_ORDERS, ("CREATED_AT", "DESC"))
    return connect([known[name] for name in project.repos if name in known], call, order)


def _path(project: GithubProject, call: Call) -> str:
    return f"/orgs/{call.world.directory.company.organization}/projects/{project.number}"


def _options(field: ProjectField, call: Call) -> list[StatusOption]:
    names = call.args.get("names")
    return [option for option in status_options(field.project) if names is None or option.name in names]


def _schedule(field: ProjectField, call: Call) -> dict[str, Any]:
    """Iterations that ended by now are completed, newest first; the one that runs is still among the others."""
    ordered = sorted(field.project.iterations, key=lambda iteration: iteration.start_date)
    ends = {i.id: i.start_date + timedelta(days=i.duration) for i in ordered}
    today = call.world.today
    return {
        "completed": [ScheduledIteration(field.project, i) for i in reversed(ordered) if ends[i.id] <= today],
        "coming": [ScheduledIteration(field.project, i) for i in ordered if ends[i.id] > today],
        "duration": field.project.iteration_days,
        "start_day": ordered[0].start_date.isoweekday() if ordered else 1,
    }


def _content(owned: OwnedItem, call: Call) -> Any:
    return call.world.directory.content(owned.item)


def item_type(owned: OwnedItem, call: Call) -> str:
    """What an item stands for; REDACTED when we may not see it."""
    content = _content(owned, call)
    if content is None:
        return "REDACTED"
    return "ISSUE" if isinstance(content, GithubIssue) else "PULL_REQUEST"


def _values(owned: OwnedItem, call: Call) -> Page:
    return connect(values_of(owned, _content(owned, call)), call)


def _value_by_name(owned: OwnedItem, call: Call) -> FieldValue | None:
    wanted = call.args["name"].lower()
    values = values_of(owned, _content(owned, call))
    return next((value for value in values if value.field.name.lower() == wanted), None)


def _value_labels(value: FieldValue, call: Call) -> Page:
    directory = call.world.directory
    repository = directory.repository_of(value.value)
    return ordered_labels([directory.label(repository, name) for name in value.value.labels], call)


def _nothing(_: FieldValue, call: Call) -> Page:
    return connect((), call)


PROJECT_FIELDS: dict[str, Resolver] = {
    "closed": lambda _: False,
    "closedAt": lambda _: None,
    "createdAt": "created_at",
    "creator": lambda _: None,
    "databaseId": lambda project: derived_number("project", project.node_id),
    "field": _field,
    "fields": _fields,
    "fullDatabaseId": lambda project: str(derived_number("project", project.node_id)),
    "id": "node_id",
    "items": _items,
    "number": "number",
    "owner": lambda _, call: call.world.directory.organization,
    "public": lambda _: False,
    "readme": lambda _: None,
    "repositories": _repositories,
    "resourcePath": _path,
    "shortDescription": lambda _: None,
    "statusUpdates": lambda _, call: connect((), call),
    "template": lambda _: False,
    "title": "title",
    "updatedAt": "updated_at",
    "url": lambda project, call: call.world.url(_path(project, call)),
}
FIELD_FIELDS: dict[str, Resolver] = {
    "configuration": _schedule,
    "createdAt": "project.created_at",
    "dataType": "data_type",
    "databaseId": lambda field: derived_number("field", field.node_id),
    "id": "node_id",
    "name": "name",
    "options": _options,
    "project": "project",
    "updatedAt": "project.created_at",
}
OPTION_FIELDS: dict[str, Resolver] = {
    "color": "color",
    "description": lambda _: "",
    "descriptionHTML": lambda _: "",
    "id": "id",
    "name": "name",
    "nameHTML": "name",
}
CONFIGURATION_FIELDS: dict[str, Resolver] = {
    "completedIterations": lambda schedule: schedule["completed"],
    "duration": lambda schedule: schedule["duration"],
    "iterations": lambda schedule: schedule["coming"],
    "startDay": lambda schedule: schedule["start_day"],
}
ITERATION_FIELDS: dict[str, Resolver] = {
    "duration": "iteration.duration",
    "id": "iteration.id",
    "startDate": "iteration.start_date",
    "title": "iteration.title",
    "titleHTML": "iteration.title",
}
ITEM_FIELDS: dict[str, Resolver] = {
    "content": _content,
    "createdAt": "item.created_at",
    "creator": lambda _: None,
    "databaseId": "item.database_id",
    "fieldValueByName": _value_by_name,
    "fieldValues": _values,
    "fullDatabaseId": lambda owned: str(owned.item.database_id),
    "id": "item.node_id",
    "isArchived": "item.is_archived",
    "project": "project",
    "type": item_type,
    "updatedAt": "item.updated_at",
}
VALUE_FIELDS: dict[str, Resolver] = {
    "color": "value.color",
    "createdAt": "updated_at",
    "creator": lambda _: None,
    "databaseId": lambda value: derived_number("value", value.owner.item.node_id, value.field.name),
    "date": "value",
    "description": lambda _: "",
    "descriptionHTML": lambda _: "",
    "duration": "value.iteration.duration",
    "field": "field",
    "id": lambda value: derived_id("PVTFV", value.owner.item.node_id, value.field.name),
    "issueFieldValue": lambda _: None,
    "item": "owner",
    "iterationId": "value.iteration.id",
    "labels": _value_labels,
    "milestone": lambda value, call: call.world.directory.milestone(value.value.milestone),
    "name": "value.name",
    "nameHTML": "value.name",
    "number": "value",
    "optionId": "value.id",
    "pullRequests": _nothing,
    "repository": lambda value, call: call.world.directory.repository_of(value.value),
    "reviewers": _nothing,
    "startDate": "value.iteration.start_date",
    "text": "value",
    "title": "value.iteration.title",
    "titleHTML": "value.iteration.title",
    "updatedAt": "updated_at",
    "users": lambda value, call: assigned(value.value, call),
}
"""Every field that any kind of value has; the schema says which kind has which."""

VALUE_KINDS = (
    "Date", "Iteration", "Label", "Milestone", "Number", "PullRequest", "Repository", "Reviewer", "SingleSelect",
    "Text", "User",
)  # fmt: skip
FIELDS = {
    "ProjectV2": PROJECT_FIELDS,
    "ProjectV2Field": FIELD_FIELDS,
    "ProjectV2SingleSelectField": FIELD_FIELDS,
    "ProjectV2IterationField": FIELD_FIELDS,
    "ProjectV2SingleSelectFieldOption": OPTION_FIELDS,
    "ProjectV2IterationFieldConfiguration": CONFIGURATION_FIELDS,
    "ProjectV2IterationFieldIteration": ITERATION_FIELDS,
    "ProjectV2Item": ITEM_FIELDS,
    **{f"ProjectV2ItemField{kind}Value": VALUE_FIELDS for kind in VALUE_KINDS},
}

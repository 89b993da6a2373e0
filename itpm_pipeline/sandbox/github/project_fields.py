"""The fields of a project and the values they hold on an item."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue, GithubProject, PullRequest
from itpm_pipeline.sandbox.github.entities import (
    FieldValue,
    OwnedItem,
    ProjectField,
    ScheduledIteration,
    StatusOption,
    derived_id,
)

BUILT_IN = (
    ("Title", "TITLE"),
    ("Assignees", "ASSIGNEES"),
    ("Status", "SINGLE_SELECT"),
    ("Labels", "LABELS"),
    ("Linked pull requests", "LINKED_PULL_REQUESTS"),
    ("Milestone", "MILESTONE"),
    ("Repository", "REPOSITORY"),
    ("Reviewers", "REVIEWERS"),
    ("Parent issue", "PARENT_ISSUE"),
    ("Sub-issues progress", "SUB_ISSUES_PROGRESS"),
)
"""Name and kind of the fields that every project has, in GitHub's order; the company adds the two below."""
OWN = (("Iteration", "ITERATION"), ("Estimate", "NUMBER"))

TYPE_OF_KIND = {"SINGLE_SELECT": "ProjectV2SingleSelectField", "ITERATION": "ProjectV2IterationField"}
COLORS = ("GRAY", "BLUE", "YELLOW", "ORANGE", "PURPLE", "GREEN", "RED", "PINK")


def fields_of(project: GithubProject) -> list[ProjectField]:
    """A project's fields in their order."""
    own_ids = {
        "Status": project.status_field_id,
        "Iteration": project.iteration_field_id,
        "Estimate": project.estimate_field_id,
    }
    return [
        ProjectField(
            project,
            own_ids.get(name) or derived_id("PVTF", project.node_id, name),
            name,
            kind,
            TYPE_OF_KIND.get(kind, "ProjectV2Field"),
        )
        for name, kind in (*BUILT_IN, *OWN)
    ]


def status_options(project: GithubProject) -> list[StatusOption]:
    """The columns of a project's board."""
    return [
        StatusOption(id_, name, COLORS[index % len(COLORS)]) for index, (id_, name) in enumerate(project.status_options)
    ]


def values_of(owned: OwnedItem, content: GithubIssue | PullRequest | None) -> list[FieldValue]:
    """The values that are set on an item, in the order of the fields; a redacted item shows none."""
    if content is None:
        return []
    fields = {field.name: field for field in fields_of(owned.project)}
    return [
        FieldValue(owned, fields[name], f"ProjectV2ItemField{kind}Value", value, at)
        for name, kind, value, at in _set_values(owned, content)
    ]


def _set_values(owned: OwnedItem, content: GithubIssue | PullRequest) -> Iterator[tuple[str, str, Any, datetime]]:
    item = owned.item
    added = item.created_at
    yield "Title", "Text", content.title, content.created_at
    if isinstance(content, GithubIssue) and content.assignees:
        yield "Assignees", "User", content, added
    option = next((o for o in status_options(owned.project) if item.status in (o.name, o.id)), None)
    if option is not None:
        yield "Status", "SingleSelect", option, item.status_updated_at or added
    if isinstance(content, GithubIssue):
        if content.labels:
            yield "Labels", "Label", content, added
        if content.milestone:
            yield "Milestone", "Milestone", content, added
    yield "Repository", "Repository", content, added
    iteration = next((i for i in owned.project.iterations if i.id == item.iteration_id), None)
    if iteration is not None:
        scheduled = ScheduledIteration(owned.project, iteration)
        yield "Iteration", "Iteration", scheduled, item.iteration_updated_at or added
    if item.estimate is not None:
        yield "Estimate", "Number", item.estimate, item.estimate_updated_at or added

"""The filter text of a project: ``status:"In progress" -label:bug is:open updated:>=2026-01-01 words of the title``."""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue
from itpm_pipeline.sandbox.github.entities import OwnedItem
from itpm_pipeline.sandbox.github.project_fields import values_of
from itpm_pipeline.sandbox.github.world import World

TERM = re.compile(r'(?P<not>-)?(?:(?P<name>[A-Za-z][\w-]*):)?(?P<value>"[^"]*"|\S+)')
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


def matches(owned: OwnedItem, query: str | None, world: World) -> bool:
    """Whether an item passes every term of the filter; an item that is redacted passes only the empty filter."""
    if not query or not query.strip():
        return True
    content = world.directory.content(owned.item)
    if content is None:
        return False
    facts = _facts(owned, content, world)
    return all(
        _holds(term["name"], term["value"].strip('"'), facts, owned.item.updated_at) != bool(term["not"])
        for term in TERM.finditer(query)
    )


def _facts(owned: OwnedItem, content: Any, world: World) -> dict[str, set[str]]:
    directory = world.directory
    values = {value.field.name: value.value for value in values_of(owned, content)}
    state = getattr(content, "state", "CLOSED" if content.closed_at else "OPEN").lower()
    milestone = directory.milestone(getattr(content, "milestone", None))
    iteration = values.get("Iteration")
    facts = {
        "is": {state, "issue" if isinstance(content, GithubIssue) else "pr"},
        "status": {values["Status"].name} if "Status" in values else set(),
        "label": set(getattr(content, "labels", ())),
        "assignee": {person.github_login for person in directory.people(getattr(content, "assignees", ()))},
        "milestone": {milestone.milestone.title} if milestone else set(),
        "repo": {f"{directory.company.organization}/{content.repo}"},
        "iteration": {iteration.iteration.title} if iteration else set(),
        "estimate": {f"{values['Estimate']:g}"} if "Estimate" in values else set(),
        "title": {content.title},
    }
    if iteration and _runs(iteration.iteration, world.today):
        facts["iteration"].add("@current")
    return {name: {value.lower() for value in held} for name, held in facts.items()}


def _runs(iteration: Any, today: date) -> bool:
    return bool(iteration.start_date <= today < iteration.start_date + timedelta(days=iteration.duration))


def _holds(name: str | None, value: str, facts: Mapping[str, set[str]], updated_at: datetime) -> bool:
    if name is None:
        return any(value.lower() in title for title in facts["title"])
    if name == "updated":
        return _was_updated(value, updated_at)
    if name == "no":
        return not facts.get(value.lower(), set())
    return not facts.get(name.lower(), set()).isdisjoint(part.strip('"').lower() for part in value.split(","))


def _was_updated(value: str, updated_at: datetime) -> bool:
    sign = next((sign for sign in COMPARISONS if value.startswith(sign)), "")
    try:
        bound = datetime.fromisoformat(value.removeprefix(sign))
    except ValueError:
        return False
    if sign == "":
        return updated_at.date() == bound.date()
    return COMPARISONS[sign](updated_at, bound if bound.tzinfo else bound.replace(tzinfo=UTC))

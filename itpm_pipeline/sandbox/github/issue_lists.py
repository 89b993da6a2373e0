"""Lists of issues and pull requests: their filters and orders."""

from collections.abc import Iterable, Mapping
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue, PullRequest
from itpm_pipeline.sandbox.github.connections import Key, Page, chosen_order, connect, instant_key
from itpm_pipeline.sandbox.github.directory import Directory
from itpm_pipeline.sandbox.github.entities import derived_number
from itpm_pipeline.sandbox.github.execution import Call

ORDERS: dict[str, Key] = {
    "COMMENTS": lambda thing: [getattr(thing, "comment_count", 0), thing.number, thing.database_id],
    "CREATED_AT": instant_key(lambda thing: thing.created_at, lambda thing: thing.database_id),
    "UPDATED_AT": instant_key(lambda thing: thing.updated_at, lambda thing: thing.database_id),
}


def listed_issues(issues: Iterable[GithubIssue], call: Call) -> Page:
    """A page of issues as ``states``, ``labels``, ``filterBy`` and ``orderBy`` ask; oldest first by default."""
    args = call.args
    states, labels, filters = args.get("states"), args.get("labels"), args.get("filterBy") or {}
    chosen = [
        issue
        for issue in issues
        if (not states or issue.state in states)
        and (not labels or not set(labels).isdisjoint(issue.labels))
        and is_wanted(issue, filters, call.world.directory)
    ]
    return connect(chosen, call, chosen_order(args.get("orderBy"), ORDERS, ("CREATED_AT", "ASC")))


def is_wanted(issue: GithubIssue, filters: Mapping[str, Any], directory: Directory) -> bool:
    """Whether an issue passes an ``IssueFilters`` argument; a filter given as null asks for issues without."""
    since, states, labels = filters.get("since"), filters.get("states"), filters.get("labels")
    if since is not None and issue.updated_at < since:
        return False
    if states and issue.state not in states:
        return False
    if labels and not set(labels) <= set(issue.labels):
        return False
    author = directory.person(issue.author)
    milestone = directory.milestone(issue.milestone)
    has = {
        "assignee": [person.github_login for person in directory.people(issue.assignees)],
        "createdBy": [author.github_login] if author else [],
        "milestone": [milestone_number(milestone.milestone.node_id)] if milestone else [],
        "milestoneNumber": [str(milestone.milestone.number)] if milestone else [],
        "type": [issue.issue_type] if issue.issue_type else [],
    }
    return all(_matches(filters[name], values) for name, values in has.items() if name in filters)


def _matches(wanted: str | None, values: list[str]) -> bool:
    if wanted is None:
        return not values
    return bool(values) if wanted == "*" else wanted.lower() in (value.lower() for value in values)


def milestone_number(node_id: str) -> str:
    """The database id by which ``IssueFilters.milestone`` names a milestone."""
    return str(derived_number("milestone", node_id))


def pull_state(pull: PullRequest) -> str:
    """OPEN, CLOSED or MERGED."""
    if pull.merged_at:
        return "MERGED"
    return "CLOSED" if pull.closed_at else "OPEN"


def listed_pull_requests(pulls: Iterable[PullRequest], call: Call) -> Page:
    """A page of pull requests as ``states``, branches and ``orderBy`` ask; there is no ``since``, as at GitHub."""
    args = call.args
    states, base, head = args.get("states"), args.get("baseRefName"), args.get("headRefName")
    chosen = [
        pull
        for pull in pulls
        if (not states or pull_state(pull) in states)
        and base in (None, pull.base_branch)
        and head in (None, pull.head_branch)
        and not args.get("labels")
    ]
    return connect(chosen, call, chosen_order(args.get("orderBy"), ORDERS, ("CREATED_AT", "ASC")))

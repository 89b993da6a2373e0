"""Fields of an issue, of its type and of what it shares with pull requests."""

from collections.abc import Iterable
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue, Person
from itpm_pipeline.sandbox.github.accounts import project_of, projects_of
from itpm_pipeline.sandbox.github.connections import Key, Page, chosen_order, connect, instant_key
from itpm_pipeline.sandbox.github.entities import IssueType, Moment
from itpm_pipeline.sandbox.github.execution import Call, Resolver
from itpm_pipeline.sandbox.github.issue_lists import listed_pull_requests, pull_state
from itpm_pipeline.sandbox.github.repository import ordered_labels
from itpm_pipeline.sandbox.github.timeline import timeline_page
from itpm_pipeline.sandbox.github.world import as_html

TYPE_COLORS = {"Task": "YELLOW", "Bug": "RED", "Feature": "BLUE"}


def author_of(thing: Any, call: Call) -> Person | None:
    """Who wrote it; null for a ghost."""
    return call.world.directory.person(thing.author)


def assigned(thing: Any, call: Call) -> Page:
    """People assigned to an issue; pull requests have none here."""
    people = call.world.directory.people(getattr(thing, "assignees", ()))
    return connect([person for person in people if not person.is_bot], call)


def _assigned_actors(thing: Any, call: Call) -> Page:
    return connect(call.world.directory.people(getattr(thing, "assignees", ())), call)


def _labels(thing: Any, call: Call) -> Page:
    directory = call.world.directory
    repository = directory.repository_of(thing)
    return ordered_labels([directory.label(repository, name) for name in getattr(thing, "labels", ())], call)


def _milestone(thing: Any, call: Call) -> Any:
    return call.world.directory.milestone(getattr(thing, "milestone", None))


def _comments(thing: Any, call: Call) -> Page:
    timeline = getattr(thing, "timeline", ())
    comments = [Moment(thing, event) for event in timeline if event.kind == "IssueComment"]
    order = call.args.get("orderBy")
    if order and order["direction"] == "DESC":
        comments.reverse()
    page = connect(comments, call)
    page.total = max(page.total, getattr(thing, "comment_count", 0))
    return page


def _participants(issue: GithubIssue, call: Call) -> Page:
    keys = dict.fromkeys(key for key in (issue.author, *issue.assignees) if key)
    return connect([person for person in call.world.directory.people(keys) if not person.is_bot], call)


def _project_items(thing: Any, call: Call) -> Page:
    items = call.world.directory.items(thing.node_id)
    return connect([o for o in items if call.args["includeArchived"] or not o.item.is_archived], call)


def _state_reason(issue: GithubIssue, call: Call) -> str | None:
    # Clients from before duplicates had a reason of their own are told what they knew.
    if issue.state_reason == "DUPLICATE" and not call.args["enableDuplicate"]:
        return "NOT_PLANNED"
    return issue.state_reason


def _dependencies(ids: Iterable[str], call: Call) -> Page:
    issues = call.world.directory.issues_by_id(ids)
    places = {issue.node_id: place for place, issue in enumerate(issues)}
    orders: dict[str, Key] = {
        "CREATED_AT": instant_key(lambda issue: issue.created_at, lambda issue: issue.database_id),
        "DEPENDENCY_ADDED_AT": lambda issue: [places[issue.node_id]],
    }
    return connect(issues, call, chosen_order(call.args["orderBy"], orders, ("DEPENDENCY_ADDED_AT", "DESC")))


def _open(issues: Iterable[GithubIssue]) -> int:
    return sum(issue.state == "OPEN" for issue in issues)


def dependencies_summary(issue: GithubIssue, call: Call) -> dict[str, int]:
    """Counts of blockers and blocked issues; only open ones count but in the totals."""
    directory = call.world.directory
    blockers, blocked = directory.issues_by_id(issue.blocked_by), directory.issues_by_id(issue.blocking)
    return {
        "blockedBy": _open(blockers),
        "blocking": _open(blocked),
        "totalBlockedBy": len(blockers),
        "totalBlocking": len(blocked),
    }


def sub_issues_summary(issue: GithubIssue, call: Call) -> dict[str, int]:
    """Counts of sub-issues; the percentage is cut to a whole number."""
    children = call.world.directory.issues_by_id(issue.sub_issues)
    completed = len(children) - _open(children)
    percent = 100 * completed // len(children) if children else 0
    return {"completed": completed, "percentCompleted": percent, "total": len(children)}


def _closing_pull_requests(issue: GithubIssue, call: Call) -> Page:
    pulls = call.world.directory.closers(issue)
    shown = [pull for pull in pulls if call.args["includeClosedPrs"] or pull_state(pull) == "OPEN"]
    return listed_pull_requests(shown, call)


def _duplicate_of(issue: GithubIssue, call: Call) -> Any:
    marks = [event for event in issue.timeline if event.kind.endswith("arkedAsDuplicateEvent")]
    if not marks or marks[-1].kind != "MarkedAsDuplicateEvent":
        return None
    return call.world.directory.issue(marks[-1].data.get("canonical"))


def _none(_: GithubIssue, call: Call) -> Page:
    return connect((), call)


def _counts(*names: str) -> dict[str, Resolver]:
    def reader(name: str) -> Resolver:
        return lambda counts: counts[name]

    return {name: reader(name) for name in names}


SHARED_FIELDS: dict[str, Resolver] = {
    "assignedActors": _assigned_actors,
    "assignees": assigned,
    "author": author_of,
    "body": "body",
    "bodyHTML": lambda thing: as_html(thing.body),
    "bodyText": "body",
    "closed": lambda thing: thing.closed_at is not None,
    "closedAt": "closed_at",
    "comments": _comments,
    "createdAt": "created_at",
    "databaseId": "database_id",
    "editor": lambda _: None,
    "fullDatabaseId": lambda thing: str(thing.database_id),
    "id": "node_id",
    "labels": _labels,
    "lastEditedAt": lambda _: None,
    "milestone": _milestone,
    "number": "number",
    "projectItems": _project_items,
    "projectV2": project_of,
    "projectsV2": projects_of,
    "publishedAt": "created_at",
    "repository": lambda thing, call: call.world.directory.repository_of(thing),
    "resourcePath": lambda thing, call: call.world.path(thing),
    "title": "title",
    "updatedAt": "updated_at",
    "url": lambda thing, call: call.world.url(call.world.path(thing)),
}
"""Fields that issues and pull requests share."""

ISSUE_FIELDS: dict[str, Resolver] = SHARED_FIELDS | {
    "blockedBy": lambda issue, call: _dependencies(issue.blocked_by, call),
    "blocking": lambda issue, call: _dependencies(issue.blocking, call),
    "closed": lambda issue: issue.state == "CLOSED",
    "closedByPullRequestsReferences": _closing_pull_requests,
    "duplicateOf": _duplicate_of,
    "isPinned": lambda _: False,
    "issueDependenciesSummary": dependencies_summary,
    "issueFieldValues": _none,
    "issueType": lambda issue: IssueType(issue.issue_type) if issue.issue_type else None,
    "locked": lambda _: False,
    "parent": lambda issue, call: call.world.directory.issue(issue.parent),
    "participants": _participants,
    "state": "state",
    "stateReason": _state_reason,
    "subIssues": lambda issue, call: connect(call.world.directory.issues_by_id(issue.sub_issues), call),
    "subIssuesSummary": sub_issues_summary,
    "timelineItems": timeline_page,
    "titleHTML": "title",
    "trackedInIssues": _none,
    "trackedIssues": _none,
    "trackedIssuesCount": lambda _: 0,
}
ISSUE_TYPE_FIELDS: dict[str, Resolver] = {
    "color": lambda type_: TYPE_COLORS.get(type_.name, "GRAY"),
    "description": lambda _: None,
    "id": "node_id",
    "isEnabled": lambda _: True,
    "isPrivate": lambda _: False,
    "name": "name",
}
FIELDS = {
    "Issue": ISSUE_FIELDS,
    "IssueType": ISSUE_TYPE_FIELDS,
    "SubIssuesSummary": _counts("completed", "percentCompleted", "total"),
    "IssueDependenciesSummary": _counts("blockedBy", "blocking", "totalBlockedBy", "totalBlocking"),
}

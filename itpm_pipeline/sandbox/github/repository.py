"""Fields of a repository, its labels and its milestones."""

from collections.abc import Callable
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue, PullRequest, Repository
from itpm_pipeline.sandbox.github.accounts import changed_at, issue_types, project_of, projects_of, pushed_at
from itpm_pipeline.sandbox.github.connections import Key, Page, chosen_order, connect, instant_key
from itpm_pipeline.sandbox.github.deliveries import (
    default_branch,
    deployments_of,
    latest_release,
    release_tagged,
    releases_of,
)
from itpm_pipeline.sandbox.github.entities import Label, OwnedMilestone
from itpm_pipeline.sandbox.github.execution import Call, Refusal, Resolver
from itpm_pipeline.sandbox.github.issue_lists import listed_issues, listed_pull_requests
from itpm_pipeline.sandbox.github.world import World

MILESTONE_ORDERS: dict[str, Key] = {
    "CREATED_AT": instant_key(lambda m: m.milestone.created_at, lambda m: m.milestone.number),
    "DUE_DATE": instant_key(lambda m: m.milestone.due_on, lambda m: m.milestone.number),
    "NUMBER": lambda m: [m.milestone.number],
    "UPDATED_AT": instant_key(lambda m: m.milestone.updated_at, lambda m: m.milestone.number),
}


def _labels(repository: Repository, call: Call) -> Page:
    return ordered_labels(call.world.directory.labels(repository), call)


def ordered_labels(labels: list[Label], call: Call) -> Page:
    """Labels in the order asked for; their place in the repository stands for the creation date they lack here."""
    places = {name: place for place, name in enumerate(labels[0].repository.labels)} if labels else {}
    orders: dict[str, Key] = {
        "CREATED_AT": lambda label: [places.get(label.name, len(places)), label.name],
        "ISSUE_COUNT": lambda label: [_label_count(label), label.name],
        "NAME": lambda label: [label.name.lower(), label.name],
    }
    query = (call.args.get("query") or "").lower()
    shown = [label for label in labels if query in label.name.lower()]
    return connect(shown, call, chosen_order(call.args.get("orderBy"), orders, ("CREATED_AT", "ASC")))


def _label_count(label: Label) -> int:
    return sum(label.name in issue.labels for issue in label.repository.issues if issue.deleted_at is None)


def _named_label(repository: Repository, call: Call) -> Label | None:
    labels = call.world.directory.labels(repository)
    return next((label for label in labels if label.name.lower() == call.args["name"].lower()), None)


def _milestones(repository: Repository, call: Call) -> Page:
    states = call.args.get("states")
    query = (call.args.get("query") or "").lower()
    shown = [
        OwnedMilestone(repository, milestone)
        for milestone in repository.milestones
        if (states is None or ("CLOSED" if milestone.closed_at else "OPEN") in states)
        and query in milestone.title.lower()
    ]
    return connect(shown, call, chosen_order(call.args.get("orderBy"), MILESTONE_ORDERS, ("NUMBER", "ASC")))


def _milestone(repository: Repository, call: Call) -> OwnedMilestone | None:
    number = call.args["number"]
    return next((OwnedMilestone(repository, m) for m in repository.milestones if m.number == number), None)


def _numbered(kind: str, article: str, found: Callable[[Repository, int, World], Any]) -> Resolver:
    def resolve(repository: Repository, call: Call) -> Any:
        number = call.args["number"]
        thing = found(repository, number, call.world)
        if thing is None:
            raise Refusal("NOT_FOUND", f"Could not resolve to {article} {kind} with the number of {number}.")
        return thing

    return resolve


def issue_numbered(repository: Repository, number: int, world: World) -> GithubIssue | None:
    """An issue of a repository that can be seen."""
    return next((issue for issue in world.directory.issues(repository) if issue.number == number), None)


def pull_numbered(repository: Repository, number: int, _: World) -> PullRequest | None:
    """A pull request of a repository."""
    return next((pull for pull in repository.pull_requests if pull.number == number), None)


def _milestone_issues(owned: OwnedMilestone) -> list[GithubIssue]:
    return [
        issue
        for issue in owned.repository.issues
        if issue.milestone == owned.milestone.node_id and issue.deleted_at is None
    ]


def _progress(owned: OwnedMilestone) -> float:
    issues = _milestone_issues(owned)
    return 100.0 * sum(issue.state == "CLOSED" for issue in issues) / len(issues) if issues else 0.0


def milestone_path(owned: OwnedMilestone, call: Call) -> str:
    """The path of a milestone's page."""
    return f"{call.world.path(owned.repository)}/milestone/{owned.milestone.number}"


def _label_path(label: Label, call: Call) -> str:
    return f"{call.world.path(label.repository)}/labels/{label.name}"


REPOSITORY_FIELDS: dict[str, Resolver] = {
    "archivedAt": lambda repository: changed_at(repository) if repository.archived else None,
    "createdAt": "created_at",
    "databaseId": "database_id",
    "defaultBranchRef": default_branch,
    "deployments": deployments_of,
    "description": "description",
    "hasIssuesEnabled": "issues_enabled",
    "hasProjectsEnabled": lambda _: True,
    "id": "node_id",
    "isArchived": "archived",
    "isInOrganization": lambda _: True,
    "isPrivate": lambda _: True,
    "issue": _numbered("Issue", "an", issue_numbered),
    "issueOrPullRequest": _numbered(
        "issue or pull request", "an", lambda *key: issue_numbered(*key) or pull_numbered(*key)
    ),
    "issueType": lambda _, call: next(
        (type_ for type_ in call.world.directory.issue_types if type_.name == call.args["name"]), None
    ),
    "issueTypes": issue_types,
    "issues": lambda repository, call: listed_issues(call.world.directory.issues(repository), call),
    "label": _named_label,
    "labels": _labels,
    "latestRelease": latest_release,
    "milestone": _milestone,
    "milestones": _milestones,
    "name": "name",
    "nameWithOwner": lambda repository, call: f"{call.world.directory.company.organization}/{repository.name}",
    "owner": lambda _, call: call.world.directory.organization,
    "projectV2": project_of,
    "projectsV2": projects_of,
    "pullRequest": _numbered("PullRequest", "a", pull_numbered),
    "pullRequests": lambda repository, call: listed_pull_requests(repository.pull_requests, call),
    "pushedAt": pushed_at,
    "release": release_tagged,
    "releases": releases_of,
    "resourcePath": lambda repository, call: call.world.path(repository),
    "updatedAt": changed_at,
    "url": lambda repository, call: call.world.url(call.world.path(repository)),
    "visibility": lambda _: "PRIVATE",
    **{name: lambda _: False for name in ("isDisabled", "isEmpty", "isFork", "isLocked", "isMirror", "isTemplate")},
}
LABEL_FIELDS: dict[str, Resolver] = {
    "color": "color",
    "createdAt": "repository.created_at",
    "description": lambda _: None,
    "id": "node_id",
    "isDefault": lambda _: False,
    "issues": lambda label, call: listed_issues(
        [issue for issue in call.world.directory.issues(label.repository) if label.name in issue.labels], call
    ),
    "name": "name",
    "repository": "repository",
    "resourcePath": _label_path,
    "updatedAt": "repository.created_at",
    "url": lambda label, call: call.world.url(_label_path(label, call)),
}
MILESTONE_FIELDS: dict[str, Resolver] = {
    "closed": lambda owned: owned.milestone.closed_at is not None,
    "closedAt": "milestone.closed_at",
    "closedIssueCount": lambda owned: sum(issue.state == "CLOSED" for issue in _milestone_issues(owned)),
    "createdAt": "milestone.created_at",
    "creator": lambda _: None,
    "description": lambda owned: owned.milestone.description or None,
    "dueOn": "milestone.due_on",
    "id": "milestone.node_id",
    "issues": lambda owned, call: listed_issues(_milestone_issues(owned), call),
    "number": "milestone.number",
    "openIssueCount": lambda owned: sum(issue.state == "OPEN" for issue in _milestone_issues(owned)),
    "progressPercentage": _progress,
    "repository": "repository",
    "resourcePath": milestone_path,
    "state": lambda owned: "CLOSED" if owned.milestone.closed_at else "OPEN",
    "title": "milestone.title",
    "updatedAt": "milestone.updated_at",
    "url": lambda owned, call: call.world.url(milestone_path(owned, call)),
}
FIELDS = {
    "Repository": REPOSITORY_FIELDS,
    "Label": LABEL_FIELDS,
    "Milestone": MILESTONE_FIELDS,
}

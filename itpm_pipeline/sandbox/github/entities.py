"""Objects that GitHub shows and the company's state only implies: a label as an entity, an item within its project.

Each wraps the state and never copies it, so a change of the company is a change of the answer.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from itpm_pipeline.sandbox.company.model import (
    Deployment,
    GithubIssue,
    GithubProject,
    Iteration,
    Milestone,
    Person,
    ProjectItem,
    PullRequest,
    Release,
    Repository,
    TimelineEvent,
)


def derived_number(*parts: str) -> int:
    """A stable positive 31-bit number for something that the company's state does not number."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:4], "big") >> 1


def derived_id(prefix: str, *parts: str) -> str:
    """A stable node id for something that the company's state does not number."""
    return f"{prefix}_{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:16]}"


class Organization(NamedTuple):
    """The one organisation."""

    login: str
    name: str
    founded_at: datetime

    @property
    def node_id(self) -> str:
        """Its node id."""
        return derived_id("O", self.login)

    @property
    def database_id(self) -> int:
        """Its number."""
        return derived_number("organization", self.login)


class Label(NamedTuple):
    """A label of a repository."""

    repository: Repository
    name: str
    color: str

    @property
    def node_id(self) -> str:
        """Its node id; it changes with the name, which nobody changes here."""
        return derived_id("LA", self.repository.node_id, self.name)


class IssueType(NamedTuple):
    """An issue type of the organisation."""

    name: str

    @property
    def node_id(self) -> str:
        """Its node id."""
        return derived_id("IT", self.name)


class OwnedMilestone(NamedTuple):
    """A milestone in its repository."""

    repository: Repository
    milestone: Milestone


class OwnedRelease(NamedTuple):
    """A release in its repository."""

    repository: Repository
    release: Release


class OwnedDeployment(NamedTuple):
    """A deployment in its repository."""

    repository: Repository
    deployment: Deployment


class DeploymentStatus(NamedTuple):
    """The last status of a deployment."""

    owner: OwnedDeployment


class Branch(NamedTuple):
    """A branch or a tag; ``oid`` is null where the company keeps no commit for it."""

    repository: Repository
    prefix: str
    name: str
    oid: str | None
    at: datetime


class Commit(NamedTuple):
    """A commit; ``author`` is a person's key."""

    repository: Repository
    oid: str
    at: datetime
    message: str
    author: str | None


class PullRequestCommit(NamedTuple):
    """A commit of a pull request."""

    pull_request: PullRequest
    commit: Commit


class Review(NamedTuple):
    """The first review of a pull request."""

    pull_request: PullRequest
    submitted_at: datetime


class Moment(NamedTuple):
    """A timeline event of an issue."""

    issue: GithubIssue
    event: TimelineEvent


class OwnedItem(NamedTuple):
    """An item in its project."""

    project: GithubProject
    item: ProjectItem


class ProjectField(NamedTuple):
    """A field of a project; ``type_name`` is its GraphQL type, ``data_type`` GitHub's word for its kind."""

    project: GithubProject
    node_id: str
    name: str
    data_type: str
    type_name: str


@dataclass(slots=True)
class FieldValue:
    """The value of a field on an item; ``type_name`` is its GraphQL type, ``value`` what that type holds."""

    owner: OwnedItem
    field: ProjectField
    type_name: str
    value: Any
    updated_at: datetime


class ScheduledIteration(NamedTuple):
    """An iteration in its project."""

    project: GithubProject
    iteration: Iteration


class StatusOption(NamedTuple):
    """A column of a project's board."""

    id: str
    name: str
    color: str


@dataclass(slots=True)
class QueryRoot:
    """The root of all queries."""

    id: str = field(default="Q_kgAB")


TYPE_OF: dict[type, str] = {
    Organization: "Organization",
    Repository: "Repository",
    GithubIssue: "Issue",
    PullRequest: "PullRequest",
    GithubProject: "ProjectV2",
    Label: "Label",
    IssueType: "IssueType",
    OwnedMilestone: "Milestone",
    OwnedRelease: "Release",
    OwnedDeployment: "Deployment",
    DeploymentStatus: "DeploymentStatus",
    Branch: "Ref",
    Commit: "Commit",
    PullRequestCommit: "PullRequestCommit",
    Review: "PullRequestReview",
    OwnedItem: "ProjectV2Item",
    QueryRoot: "Query",
}


def type_name(source: Any) -> str:
    """The GraphQL type of an object."""
    match source:
        case Moment():
            return source.event.kind
        case Person():
            return "Bot" if source.is_bot else "User"
        case FieldValue() | ProjectField():
            return source.type_name
    return TYPE_OF[type(source)]

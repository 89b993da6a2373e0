"""The GraphQL documents, composed for what the server knows; each is validated against GitHub's schema in the tests.

GitHub charges one point per 100 connections it has to resolve: a page of 100 issues with six connections each costs
six points. Connections that most issues leave empty (dependencies, sub-issues) are therefore asked for afterwards,
and only where the free summary counts are above zero (``completion.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from itpm_pipeline.sources.github.features import Features
from itpm_pipeline.sources.github.selections import (
    DEPLOYMENT_FIELDS,
    PAGE_INFO,
    PROJECT_EVENTS,
    PROJECT_FIELDS,
    PULL_REQUEST_FIELDS,
    RELATIONS,
    TIMELINE_TYPES,
    document,
    field_values,
    issue_fields,
    relation,
)


def repository_query(selection: str, variables: str = "") -> str:
    """A query of one repository by owner and name."""
    return document(
        f"query Repository($owner: String!, $name: String!{variables})",
        f"repository(owner: $owner, name: $name) {{ {selection} }}",
    )


_REPOSITORY = "repository { id nameWithOwner }"


@dataclass(frozen=True, slots=True)
class RepositoryList:
    """A connection of a repository; ``ordered_by`` is the field by which an incremental reading is newest first."""

    connection: str
    ordered_by: str
    fields: str
    arguments: str


def _newest_first(field: str) -> str:
    return f"orderBy: {{field: {field}, direction: DESC}}"


REPOSITORY_LISTS: dict[str, RepositoryList] = {
    "milestones": RepositoryList(
        "milestones",
        "updatedAt",
        f"id number title description state dueOn closedAt createdAt updatedAt url {_REPOSITORY}",
        _newest_first("UPDATED_AT"),
    ),
    "releases": RepositoryList(
        "releases",
        "createdAt",
        "id databaseId name tagName isDraft isPrerelease createdAt publishedAt updatedAt url tagCommit { oid } "
        + _REPOSITORY,
        _newest_first("CREATED_AT"),
    ),
    "deployments": RepositoryList(
        "deployments", "createdAt", f"{DEPLOYMENT_FIELDS} {_REPOSITORY}", _newest_first("CREATED_AT")
    ),
    "pull_requests": RepositoryList("pullRequests", "updatedAt", PULL_REQUEST_FIELDS, "orderBy: $order"),
}
"""Stream to its connection. There is no filter by time of change: newest first, a reading can stop early."""


def _repository_list(stream: str, *, after: bool) -> str:
    one = REPOSITORY_LISTS[stream]
    place = f", after: $after_{stream}" if after else ""
    return (
        f"{one.connection}(first: $first{place}, {one.arguments}) {{ totalCount {PAGE_INFO} nodes {{ {one.fields} }} }}"
    )


OVERVIEW_LISTS = ("milestones", "releases", "deployments")
"""Lists whose first page comes with the overview."""


def overview_query() -> str:
    """One request that tells of a repository all that changes seldom, and whether the rest has changed."""
    newest = "first: 1, orderBy: {field: UPDATED_AT, direction: DESC}"
    return repository_query(
        "id databaseId name nameWithOwner description url isArchived isDisabled hasIssuesEnabled createdAt "
        "defaultBranchRef { name } owner { __typename id login } "
        + " ".join(_repository_list(stream, after=False) for stream in OVERVIEW_LISTS)
        + f" newestIssues: issues({newest}) {{ totalCount nodes {{ id updatedAt }} }}"
        + f" newestPullRequests: pullRequests({newest}) {{ totalCount nodes {{ id updatedAt }} }}",
        ", $first: Int!",
    )


def repository_lists_query(streams: Sequence[str]) -> str:
    """The next pages of several of :data:`REPOSITORY_LISTS` in one request."""
    variables = "".join(f", $after_{stream}: String" for stream in streams)
    order = ", $order: IssueOrder!" if "pull_requests" in streams else ""
    connections = " ".join(_repository_list(stream, after=True) for stream in streams)
    return repository_query(connections, f", $first: Int!{variables}{order}")


def issues_query(features: Features) -> str:
    """A page of issues, oldest first: an order that no change during the scan disturbs."""
    return repository_query(
        "issues(first: $first, after: $after, filterBy: {since: $since}, "
        "orderBy: {field: CREATED_AT, direction: ASC}) "
        f"{{ totalCount {PAGE_INFO} nodes {{ {issue_fields(features)} }} }}",
        ", $first: Int!, $after: String, $since: DateTime",
    )


def issues_by_id_query(features: Features) -> str:
    """Issues that something else says have changed, each with all that a page of issues has."""
    return document("query Issues($ids: [ID!]!)", f"nodes(ids: $ids) {{ ... on Issue {{ {issue_fields(features)} }} }}")


def project_events_query(features: Features) -> str | None:
    """A page of issues with the instant of the last thing that happened to them in a project (v2).

    None where the server tells no such things.
    """
    known = [name for name in PROJECT_EVENTS if features.has(f"IssueTimelineItemsItemType.{name}")]
    if not known:
        return None
    instants = " ".join(f"... on {TIMELINE_TYPES[name][0]} {{ createdAt }}" for name in known)
    return repository_query(
        "issues(first: $first, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) "
        f"{{ {PAGE_INFO} nodes {{ id timelineItems(last: 1, itemTypes: [{' '.join(known)}]) "
        f"{{ nodes {{ __typename {instants} }} }} }} }}",
        ", $first: Int!, $after: String",
    )


def deployments_by_id_query() -> str:
    """Deployments that were still running when last read."""
    return document(
        "query Deployments($ids: [ID!]!)",
        f"nodes(ids: $ids) {{ ... on Deployment {{ {DEPLOYMENT_FIELDS} {_REPOSITORY} }} }}",
    )


def owner_query(features: Features) -> str:
    """An organisation (or user) with its issue types."""
    types = (
        f"issueTypes(first: 100) {{ {PAGE_INFO} nodes {{ id name description isEnabled }} }}"
        if features.has("Organization.issueTypes")
        else ""
    )
    return document(
        "query Owner($login: String!)",
        "repositoryOwner(login: $login) { __typename id login url "
        f"... on User {{ name }} ... on Organization {{ name description {types} }} }}",
    )


def projects_query() -> str:
    """Projects (v2) of an owner: only what tells whether they changed."""
    return document(
        "query Projects($login: String!, $first: Int!, $after: String)",
        "repositoryOwner(login: $login) { ... on ProjectV2Owner { "
        f"projectsV2(first: $first, after: $after, orderBy: {{field: NUMBER, direction: ASC}}) "
        f"{{ {PAGE_INFO} nodes {{ id number title updatedAt }} }} }} }}",
    )


def project_details_query() -> str:
    """Fields, options and iterations of several projects. No ``updatedAt``: it moves with every item."""
    return document(
        "query ProjectDetails($ids: [ID!]!)", f"nodes(ids: $ids) {{ ... on ProjectV2 {{ {PROJECT_FIELDS} }} }}"
    )


def project_items_query(features: Features) -> str:
    """A page of items of one project with the values of their fields."""
    archived = ", archivedStates: [ARCHIVED, NOT_ARCHIVED]" if features.has("ProjectV2.items.archivedStates") else ""
    return document(
        "query ProjectItems($id: ID!, $first: Int!, $after: String)",
        f"node(id: $id) {{ ... on ProjectV2 {{ items(first: $first, after: $after{archived}) "
        f"{{ totalCount {PAGE_INFO} nodes {{ id type isArchived createdAt updatedAt project {{ id }} "
        "content { __typename ... on Issue { id number repository { id nameWithOwner } } "
        "... on PullRequest { id number repository { id nameWithOwner } } ... on DraftIssue { id title } } "
        f"{field_values(features, 'first: 20')} }} }} }} }}",
    )


VIEWER_QUERY = document("query Viewer", "viewer { __typename id login } limits: rateLimit { limit remaining resetAt }")


def relations_query(features: Features) -> str:
    """Dependencies and sub-issues of many issues at once."""
    relations = " ".join(relation(name, "first: 100") for name in RELATIONS if features.has(f"Issue.{name}"))
    return document("query Relations($ids: [ID!]!)", f"nodes(ids: $ids) {{ ... on Issue {{ id {relations} }} }}")


def nodes_query() -> str:
    """Which of some nodes are there."""
    return document("query Nodes($ids: [ID!]!)", "nodes(ids: $ids) { id }")


def issue_repositories_query() -> str:
    """Where some issues are."""
    return document("query Whereabouts($ids: [ID!]!)", f"nodes(ids: $ids) {{ ... on Issue {{ id {_REPOSITORY} }} }}")


def issue_ids_query() -> str:
    """A page of the ids of all issues, for the census of vanished ones."""
    return repository_query(
        "issues(first: $first, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) "
        f"{{ totalCount {PAGE_INFO} nodes {{ id }} }}",
        ", $first: Int!, $after: String",
    )

"""Fields of people, bots and the organisation, and of the query's root."""

import itertools
from datetime import datetime
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubProject, Person, Repository
from itpm_pipeline.sandbox.github.connections import Key, Order, Page, chosen_order, connect, instant_key
from itpm_pipeline.sandbox.github.entities import Organization, QueryRoot
from itpm_pipeline.sandbox.github.execution import Call, Refusal, Resolver
from itpm_pipeline.sandbox.github.limits import MOST_NODE_IDS


def pushed_at(repository: Repository) -> datetime:
    """When somebody last pushed to a repository: the last merge, else its creation."""
    merges = (pull.merged_at for pull in repository.pull_requests if pull.merged_at)
    return max(merges, default=repository.created_at)


def changed_at(repository: Repository) -> datetime:
    """When a repository or anything in it last changed."""
    issues = (issue.updated_at for issue in repository.issues)
    pulls = (pull.updated_at for pull in repository.pull_requests)
    return max(itertools.chain(issues, pulls), default=repository.created_at)


REPOSITORY_ORDERS: dict[str, Key] = {
    "CREATED_AT": instant_key(lambda r: r.created_at, lambda r: r.database_id),
    "NAME": lambda r: [r.name.lower(), r.database_id],
    "PUSHED_AT": instant_key(pushed_at, lambda r: r.database_id),
    "STARGAZERS": lambda r: [r.database_id],
    "UPDATED_AT": instant_key(changed_at, lambda r: r.database_id),
}
PROJECT_ORDERS: dict[str, Key] = {
    "CREATED_AT": instant_key(lambda p: p.created_at, lambda p: p.number),
    "NUMBER": lambda p: [p.number],
    "TITLE": lambda p: [p.title, p.number],
    "UPDATED_AT": instant_key(lambda p: p.updated_at, lambda p: p.number),
}


def projects_of(owner: Any, call: Call) -> Page:
    """Projects of an owner, highest number first unless asked otherwise."""
    order = chosen_order(call.args.get("orderBy"), PROJECT_ORDERS, ("NUMBER", "DESC"))
    return connect(call.world.directory.projects_of(owner), call, order)


def project_of(owner: Any, call: Call) -> GithubProject:
    """A project of an owner by number."""
    number = call.args["number"]
    for project in call.world.directory.projects_of(owner):
        if project.number == number:
            return project
    raise Refusal("NOT_FOUND", f"Could not resolve to a ProjectV2 with the number {number}.")


def _repositories(owner: Any, call: Call) -> Page:
    args, directory = call.args, call.world.directory
    # The viewer sees the organisation's repositories among their own, as a member does by default at GitHub.
    is_shown = isinstance(owner, Organization) or owner is directory.viewer
    chosen = [
        repository
        for repository in (directory.repositories.values() if is_shown else ())
        if args.get("isArchived") in (None, repository.archived)
        and args.get("hasIssuesEnabled") in (None, repository.issues_enabled)
        and args.get("isFork") in (None, False)
        and args.get("privacy") in (None, "PRIVATE")
    ]
    order = chosen_order(args["orderBy"], REPOSITORY_ORDERS, ("", "")) if args.get("orderBy") else None
    return connect(chosen, call, order)


def _repository(owner: str, name: str, call: Call) -> Repository:
    directory = call.world.directory
    found = directory.repository(name) if directory.owns(owner) else None
    if found is None and directory.owns(owner) and call.args["followRenames"]:
        found = directory.renamed(name)
    if found is None:
        raise Refusal("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    return found


def _node(node_id: str, call: Call) -> Any:
    found = call.world.directory.node(node_id)
    if found is None:
        return Refusal("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")
    return found


def _one_node(_: QueryRoot, call: Call) -> Any:
    found = _node(call.args["id"], call)
    if isinstance(found, Refusal):
        raise found
    return found


def _nodes(_: QueryRoot, call: Call) -> list[Any]:
    ids = call.args["ids"]
    if len(ids) > MOST_NODE_IDS:
        raise Refusal(
            "ARGUMENT_LIMIT", f"You may not provide more than {MOST_NODE_IDS} node ids; you provided {len(ids)}."
        )
    return [_node(node_id, call) for node_id in ids]


def _organization(_: QueryRoot, call: Call) -> Organization:
    if not call.world.directory.owns(call.args["login"]):
        raise Refusal("NOT_FOUND", f"Could not resolve to an Organization with the login of '{call.args['login']}'.")
    return call.world.directory.organization


def _user(_: QueryRoot, call: Call) -> Person:
    person = call.world.directory.login(call.args["login"])
    if person is None or person.is_bot:
        raise Refusal("NOT_FOUND", f"Could not resolve to a User with the login of '{call.args['login']}'.")
    return person


def _owner(_: QueryRoot, call: Call) -> Organization | Person | None:
    directory = call.world.directory
    person = directory.login(call.args["login"])
    if directory.owns(call.args["login"]):
        return directory.organization
    return None if person is None or person.is_bot else person


def issue_types(_: Any, call: Call) -> Page:
    """The organisation's issue types, also shown at each repository."""
    asked = call.args["orderBy"] or {"field": "CREATED_AT", "direction": "ASC"}
    types = call.world.directory.issue_types
    if asked["field"] == "CREATED_AT":
        return connect(types if asked["direction"] == "ASC" else types[::-1], call)
    return connect(types, call, Order(lambda type_: [type_.name], asked["direction"] == "DESC"))


def _members(_: Organization, call: Call) -> Page:
    people = call.world.directory.company.people.values()
    return connect([person for person in people if person.is_active and not person.is_bot], call)


def profile_path(person: Person) -> str:
    """The path of a person's or a bot's page."""
    return f"/apps/{person.github_login.removesuffix('[bot]')}" if person.is_bot else f"/{person.github_login}"


QUERY_FIELDS: dict[str, Resolver] = {
    "id": "id",
    "node": _one_node,
    "nodes": _nodes,
    "organization": _organization,
    "rateLimit": lambda _, call: call.world,
    "relay": lambda root: root,
    "repository": lambda _, call: _repository(call.args["owner"], call.args["name"], call),
    "repositoryOwner": _owner,
    "user": _user,
    "viewer": lambda _, call: call.world.directory.viewer,
}
RATE_LIMIT_FIELDS: dict[str, Resolver] = {
    "cost": "estimate.cost",
    "limit": "standing.limit",
    "nodeCount": "estimate.nodes",
    "remaining": "standing.remaining",
    "resetAt": "standing.reset_at",
    "used": "standing.used",
}
ACCOUNT_FIELDS: dict[str, Resolver] = {
    "createdAt": lambda _, call: call.world.directory.organization.founded_at,
    "databaseId": "github_database_id",
    "id": "github_node_id",
    "login": "github_login",
    "resourcePath": profile_path,
    "updatedAt": lambda _, call: call.world.directory.organization.founded_at,
    "url": lambda person, call: call.world.url(profile_path(person)),
}
USER_FIELDS: dict[str, Resolver] = ACCOUNT_FIELDS | {
    "email": "email",
    "isViewer": lambda person, call: person is call.world.directory.viewer,
    "name": "name",
    "projectV2": project_of,
    "projectsV2": projects_of,
    "repositories": _repositories,
    "repository": lambda person, call: _repository(person.github_login, call.args["name"], call),
}
MANNEQUIN_FIELDS: dict[str, Resolver] = ACCOUNT_FIELDS | {
    "claimant": lambda _: None,
    "email": lambda _: None,
    "name": "name",
}
ORGANIZATION_FIELDS: dict[str, Resolver] = {
    "createdAt": "founded_at",
    "databaseId": "database_id",
    "description": lambda _: None,
    "email": lambda _: None,
    "id": "node_id",
    "issueTypes": issue_types,
    "login": "login",
    "membersWithRole": _members,
    "name": "name",
    "projectV2": project_of,
    "projectsV2": projects_of,
    "repositories": _repositories,
    "repository": lambda organization, call: _repository(organization.login, call.args["name"], call),
    "resourcePath": lambda organization: f"/{organization.login}",
    "updatedAt": "founded_at",
    "url": lambda organization, call: call.world.url(f"/{organization.login}"),
}
FIELDS = {
    "Query": QUERY_FIELDS,
    "RateLimit": RATE_LIMIT_FIELDS,
    "User": USER_FIELDS,
    "Bot": ACCOUNT_FIELDS,
    "Mannequin": MANNEQUIN_FIELDS,
    "Organization": ORGANIZATION_FIELDS,
}

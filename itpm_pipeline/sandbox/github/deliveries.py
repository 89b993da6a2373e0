"""Fields of releases and deployments, and of the refs and commits they are made from."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from itpm_pipeline.sandbox.company.model import Repository
from itpm_pipeline.sandbox.github.accounts import pushed_at
from itpm_pipeline.sandbox.github.connections import Key, Page, chosen_order, connect, instant_key
from itpm_pipeline.sandbox.github.entities import Branch, DeploymentStatus, OwnedDeployment, OwnedRelease, derived_id
from itpm_pipeline.sandbox.github.execution import Call, Resolver

RELEASE_ORDERS: dict[str, Key] = {
    "CREATED_AT": instant_key(lambda r: r.release.published_at, lambda r: r.release.database_id),
    "NAME": lambda r: [r.release.name, r.release.database_id],
}
DEPLOYMENT_ORDERS: dict[str, Key] = {
    "CREATED_AT": instant_key(lambda d: d.deployment.created_at, lambda d: d.deployment.database_id),
}
IN_USE = {"SUCCESS": "ACTIVE"}
"""The state of a deployment by that of its last status, where they differ, while no newer one took its place."""


def releases_of(repository: Repository, call: Call) -> Page:
    """Releases of a repository, newest first unless asked otherwise."""
    releases = [OwnedRelease(repository, release) for release in repository.releases]
    return connect(releases, call, chosen_order(call.args.get("orderBy"), RELEASE_ORDERS, ("CREATED_AT", "DESC")))


def latest_release(repository: Repository) -> OwnedRelease | None:
    """The newest release that is no pre-release."""
    final = [release for release in repository.releases if not release.is_prerelease]
    newest = max(final, key=lambda release: release.published_at, default=None)
    return OwnedRelease(repository, newest) if newest else None


def release_tagged(repository: Repository, call: Call) -> OwnedRelease | None:
    """A release by its tag."""
    tag = call.args["tagName"]
    return next((OwnedRelease(repository, release) for release in repository.releases if release.tag == tag), None)


def deployments_of(repository: Repository, call: Call) -> Page:
    """Deployments of a repository, oldest first unless asked otherwise."""
    environments = call.args.get("environments")
    shown = [
        OwnedDeployment(repository, deployment)
        for deployment in repository.deployments
        if not environments or deployment.environment in environments
    ]
    return connect(shown, call, chosen_order(call.args.get("orderBy"), DEPLOYMENT_ORDERS, ("CREATED_AT", "ASC")))


def _deployment_state(owned: OwnedDeployment) -> str:
    state = owned.deployment.state.upper()
    if state not in IN_USE:
        return state
    is_replaced = any(
        other.environment == owned.deployment.environment
        and other.state.upper() in IN_USE
        and other.created_at > owned.deployment.created_at
        for other in owned.repository.deployments
    )
    return "INACTIVE" if is_replaced else IN_USE[state]


def default_branch(repository: Repository) -> Branch:
    """The branch that pull requests are merged into."""
    merged = [pull for pull in repository.pull_requests if pull.merged_at and pull.merge_commit_oid]
    last = max(merged, key=lambda pull: pull.merged_at or pull.created_at, default=None)
    return Branch(repository, "refs/heads/", "main", last.merge_commit_oid if last else None, pushed_at(repository))


def _release_path(owned: OwnedRelease, call: Call) -> str:
    return f"{call.world.path(owned.repository)}/releases/tag/{owned.release.tag}"


def _commit(oid: Callable[[Any], str], at: Callable[[Any], datetime]) -> Resolver:
    return lambda owned, call: call.world.directory.commit(owned.repository, oid(owned), at(owned))


RELEASE_FIELDS: dict[str, Resolver] = {
    "author": lambda _: None,
    "createdAt": "release.published_at",
    "databaseId": "release.database_id",
    "description": lambda _: None,
    "id": "release.node_id",
    "isDraft": lambda _: False,
    "isLatest": lambda owned: latest_release(owned.repository) == owned,
    "isPrerelease": "release.is_prerelease",
    "name": "release.name",
    "publishedAt": "release.published_at",
    "repository": "repository",
    "resourcePath": _release_path,
    "tag": lambda owned: Branch(
        owned.repository, "refs/tags/", owned.release.tag, owned.release.commit_oid, owned.release.published_at
    ),
    "tagCommit": _commit(lambda owned: owned.release.commit_oid, lambda owned: owned.release.published_at),
    "tagName": "release.tag",
    "updatedAt": "release.published_at",
    "url": lambda owned, call: call.world.url(_release_path(owned, call)),
}
DEPLOYMENT_FIELDS: dict[str, Resolver] = {
    "commit": _commit(lambda owned: owned.deployment.commit_oid, lambda owned: owned.deployment.created_at),
    "commitOid": "deployment.commit_oid",
    "createdAt": "deployment.created_at",
    "databaseId": "deployment.database_id",
    "description": lambda _: None,
    "environment": "deployment.environment",
    "id": "deployment.node_id",
    "latestEnvironment": "deployment.environment",
    "latestStatus": lambda owned: DeploymentStatus(owned),  # noqa: PLW0108 - the class takes no Call
    "originalEnvironment": "deployment.environment",
    "ref": lambda owned: default_branch(owned.repository),
    "repository": "repository",
    "state": _deployment_state,
    "statuses": lambda owned, call: connect([DeploymentStatus(owned)], call),
    "task": lambda _: "deploy",
    "updatedAt": lambda owned: owned.deployment.finished_at or owned.deployment.created_at,
}
DEPLOYMENT_STATUS_FIELDS: dict[str, Resolver] = {
    "createdAt": lambda status: status.owner.deployment.finished_at or status.owner.deployment.created_at,
    "deployment": "owner",
    "description": lambda _: None,
    "environment": "owner.deployment.environment",
    "environmentUrl": lambda _: None,
    "id": lambda status: derived_id("DES", status.owner.deployment.node_id),
    "logUrl": lambda _: None,
    "state": lambda status: status.owner.deployment.state.upper(),
    "updatedAt": lambda status: status.owner.deployment.finished_at or status.owner.deployment.created_at,
}
REF_FIELDS: dict[str, Resolver] = {
    "id": lambda ref: derived_id("REF", ref.repository.node_id, ref.prefix, ref.name),
    "name": "name",
    "prefix": "prefix",
    "repository": "repository",
    "target": lambda ref, call: call.world.directory.commit(ref.repository, ref.oid, ref.at) if ref.oid else None,
}
FIELDS = {
    "Ref": REF_FIELDS,
    "Release": RELEASE_FIELDS,
    "Deployment": DEPLOYMENT_FIELDS,
    "DeploymentStatus": DEPLOYMENT_STATUS_FIELDS,
}

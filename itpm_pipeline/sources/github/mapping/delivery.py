"""Maps milestones, releases and deployments.

Repositories without deployments get theirs from releases; which repositories that are, no single record tells, so it
is done in SQL from ``release_version`` rows of kind ``gh_release``.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.vocabulary import SprintKind, SprintState
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping.values import day, instant, nodes, required

FINAL_STATES: Mapping[str, str] = {"SUCCESS": "success", "ERROR": "failure", "FAILURE": "failure"}
"""Statuses that end a deployment. A later success makes older ones INACTIVE, which does not undo them."""


def map_milestone(node: Mapping[str, Any], record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """A milestone as a time-box and as a release; one without due date is a release without date.

    An open milestone has no state: whether it is under way follows from the dates of its neighbours.
    """
    milestone_id = context.id(required(node, "id"))
    repository_id = context.id(required(node.get("repository") or {}, "id"))
    is_closed = node.get("state") == "CLOSED"
    due = day(node.get("dueOn"))
    end = due + timedelta(days=1) if due else None
    closed_at = instant(node.get("closedAt")) if is_closed else None
    rows.add("sprint", {
        "sprint_id": milestone_id,
        "kind": SprintKind.GITHUB_MILESTONE.value,
        "project_id": repository_id,
        "name": node.get("title"),
        "goal": node.get("description") or None,
        "state": SprintState.CLOSED.value if is_closed else None,
        "end_date": end,
        "completed_at": closed_at,
        "created_at": instant(node.get("createdAt")),
        "is_deleted": False,
    })  # fmt: skip
    rows.add("release_version", {
        "version_id": milestone_id,
        "project_id": repository_id,
        "kind": "gh_milestone",
        "name": node.get("title"),
        "description": node.get("description") or None,
        "release_date": due,
        "released": is_closed,
        "released_at": closed_at,
        "archived": False,
        "is_prerelease": False,
        "url": node.get("url"),
    })  # fmt: skip
    observed = (
        ("sprint", "name", node.get("title")),
        ("sprint", "end_date", end),
        ("sprint", "state", SprintState.CLOSED.value if is_closed else "open"),
        ("release_version", "release_date", due),
        ("release_version", "released", str(is_closed).lower()),
    )
    for kind, field, value in observed:
        rows.add("field_observation", {
            "entity_kind": kind,
            "entity_id": milestone_id,
            "field": field,
            "observed_at": record.fetched_at,
            "value": None if value is None else str(value),
            "source_updated_at": instant(node.get("updatedAt")),
        })  # fmt: skip


def map_release(node: Mapping[str, Any], _record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """A release; a draft is one that is not released."""
    published_at = instant(node.get("publishedAt"))
    is_draft = bool(node.get("isDraft"))
    rows.add("release_version", {
        "version_id": context.id(required(node, "id")),
        "project_id": context.id(required(node.get("repository") or {}, "id")),
        "kind": "gh_release",
        "name": node.get("name") or node.get("tagName"),
        "release_date": published_at.date() if published_at else None,
        "released": not is_draft,
        "released_at": None if is_draft else published_at,
        "archived": False,
        "is_prerelease": bool(node.get("isPrerelease")),
        "tag_name": node.get("tagName"),
        "url": node.get("url"),
    })  # fmt: skip


def map_deployment(node: Mapping[str, Any], _record: RawRecord, context: GithubContext, rows: CanonicalRows) -> None:
    """A deployment, judged by the first of its statuses that is final."""
    environment = str(node.get("originalEnvironment") or node.get("environment") or "")
    statuses = sorted(nodes(node, "statuses"), key=lambda status: str(status.get("createdAt")))
    final = next((status for status in statuses if status.get("state") in FINAL_STATES), None)
    state = FINAL_STATES[final["state"]] if final else str(node.get("state") or "unknown").lower()
    rows.add("deployment", {
        "deployment_id": context.id(required(node, "id")),
        "repo_id": context.id(required(node.get("repository") or {}, "id")),
        "environment": environment or None,
        "commit_oid": node.get("commitOid"),
        "created_at": instant(node.get("createdAt")),
        "finished_at": instant(final.get("createdAt")) if final else None,
        "state": state,
        "is_production": environment.casefold() in context.production_environments,
        "deployment_source": "deployment",
    })  # fmt: skip

"""Fields of a pull request, its commits and its review."""

from typing import Any

from itpm_pipeline.sandbox.company.model import Person, PullRequest
from itpm_pipeline.sandbox.github.connections import Page, chosen_order, connect
from itpm_pipeline.sandbox.github.entities import Commit, PullRequestCommit, Review, derived_id
from itpm_pipeline.sandbox.github.execution import Call, Resolver
from itpm_pipeline.sandbox.github.issue_lists import ORDERS, pull_state
from itpm_pipeline.sandbox.github.issues import SHARED_FIELDS, author_of


def _closing_issues(pull: PullRequest, call: Call) -> Page:
    order = chosen_order(call.args["orderBy"], ORDERS, ("", "")) if call.args.get("orderBy") else None
    return connect(call.world.directory.issues_by_id(pull.closes), call, order)


def _commits(pull: PullRequest, call: Call) -> Page:
    """The company keeps the first commit of a pull request only."""
    oid = derived_id("", pull.node_id, "first").removeprefix("_").ljust(40, "0")
    repository = call.world.directory.repository_of(pull)
    first = Commit(repository, oid, pull.first_commit_at or pull.created_at, pull.title, pull.author)
    return connect([PullRequestCommit(pull, first)], call)


def _merge_commit(pull: PullRequest, call: Call) -> Commit | None:
    if pull.merge_commit_oid is None or pull.merged_at is None:
        return None
    directory = call.world.directory
    return directory.commit(directory.repository_of(pull), pull.merge_commit_oid, pull.merged_at)


def _reviews(pull: PullRequest, call: Call) -> Page:
    reviews = [Review(pull, pull.first_review_at)] if pull.first_review_at else []
    states, author = call.args.get("states"), call.args.get("author")
    shown = [
        review
        for review in reviews
        if (not states or "APPROVED" in states) and (author is None or author == _reviewer_login(review, call))
    ]
    return connect(shown, call)


def _reviewer(review: Review, call: Call) -> Person | None:
    return call.world.directory.person(review.pull_request.first_reviewer)


def _reviewer_login(review: Review, call: Call) -> str | None:
    person = _reviewer(review, call)
    return person.github_login if person else None


def _commit_path(commit: Commit, call: Call) -> str:
    return f"{call.world.path(commit.repository)}/commit/{commit.oid}"


def _commit_url(commit: Commit, call: Call) -> str:
    return call.world.url(_commit_path(commit, call))


def _git_actor(commit: Commit, call: Call) -> dict[str, Any]:
    person = call.world.directory.person(commit.author)
    return {"person": person, "date": commit.at}


def _pull_commit_path(owned: PullRequestCommit, call: Call) -> str:
    return f"{call.world.path(owned.pull_request)}/commits/{owned.commit.oid}"


def _review_path(review: Review, call: Call) -> str:
    return f"{call.world.path(review.pull_request)}#pullrequestreview-{review.pull_request.database_id}"


PULL_REQUEST_FIELDS: dict[str, Resolver] = SHARED_FIELDS | {
    "additions": "additions",
    "baseRefName": "base_branch",
    "closed": lambda pull: pull_state(pull) != "OPEN",
    "closedAt": lambda pull: pull.closed_at or pull.merged_at,
    "closingIssuesReferences": _closing_issues,
    "commits": _commits,
    "deletions": "deletions",
    "headRefName": "head_branch",
    "isDraft": "is_draft",
    "mergeCommit": _merge_commit,
    "merged": lambda pull: pull.merged_at is not None,
    "mergedAt": "merged_at",
    "mergedBy": lambda pull, call: author_of(pull, call) if pull.merged_at else None,
    "permalink": SHARED_FIELDS["url"],
    "reviewDecision": lambda pull: "APPROVED" if pull.first_review_at else "REVIEW_REQUIRED",
    "reviews": _reviews,
    "state": pull_state,
}
COMMIT_FIELDS: dict[str, Resolver] = {
    "abbreviatedOid": lambda commit: commit.oid[:7],
    "author": _git_actor,
    "authoredDate": "at",
    "commitUrl": _commit_url,
    "committedDate": "at",
    "id": lambda commit: derived_id("C", commit.repository.node_id, commit.oid),
    "message": "message",
    "messageHeadline": "message",
    "oid": "oid",
    "repository": "repository",
    "resourcePath": _commit_path,
    "url": _commit_url,
}
GIT_ACTOR_FIELDS: dict[str, Resolver] = {
    "date": lambda actor: actor["date"],
    "email": lambda actor: actor["person"].email if actor["person"] else None,
    "name": lambda actor: actor["person"].name if actor["person"] else None,
    "user": lambda actor: actor["person"] if actor["person"] and not actor["person"].is_bot else None,
}
PULL_REQUEST_COMMIT_FIELDS: dict[str, Resolver] = {
    "commit": "commit",
    "id": lambda owned: derived_id("PURC", owned.pull_request.node_id, owned.commit.oid),
    "pullRequest": "pull_request",
    "resourcePath": _pull_commit_path,
    "url": lambda owned, call: call.world.url(_pull_commit_path(owned, call)),
}
REVIEW_FIELDS: dict[str, Resolver] = {
    "author": _reviewer,
    "body": lambda _: "",
    "bodyHTML": lambda _: "",
    "bodyText": lambda _: "",
    "createdAt": "submitted_at",
    "editor": lambda _: None,
    "id": lambda review: derived_id("PRR", review.pull_request.node_id),
    "lastEditedAt": lambda _: None,
    "publishedAt": "submitted_at",
    "pullRequest": "pull_request",
    "repository": lambda review, call: call.world.directory.repository_of(review.pull_request),
    "resourcePath": _review_path,
    "state": lambda _: "APPROVED",
    "submittedAt": "submitted_at",
    "updatedAt": "submitted_at",
    "url": lambda review, call: call.world.url(_review_path(review, call)),
}
FIELDS = {
    "PullRequest": PULL_REQUEST_FIELDS,
    "Commit": COMMIT_FIELDS,
    "GitActor": GIT_ACTOR_FIELDS,
    "PullRequestCommit": PULL_REQUEST_COMMIT_FIELDS,
    "PullRequestReview": REVIEW_FIELDS,
}

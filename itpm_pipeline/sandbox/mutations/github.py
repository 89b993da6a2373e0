"""Changes of the GitHub organisation."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, Unpack

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.hours import moment_of
from itpm_pipeline.sandbox.company.identifiers import commit_oid, node_id, short_id
from itpm_pipeline.sandbox.company.model import (
    Company,
    GithubIssue,
    GithubProject,
    Milestone,
    PullRequest,
    Repository,
)
from itpm_pipeline.sandbox.mutations.editing import Editor, MutationError, mutation
from itpm_pipeline.sandbox.mutations.github_books import GithubBooks
from itpm_pipeline.sandbox.mutations.github_finding import GithubFinding
from itpm_pipeline.sandbox.mutations.github_values import GithubSetter, GithubValues

__all__ = ["GithubEditor", "GithubValues"]


class GithubEditor(Editor):
    """Issues are named by node id or ``repository#number``, repositories by name, with or without the owner."""

    def __init__(self, company: Company, clock: Clock) -> None:
        super().__init__(company, clock)
        self._books = GithubBooks(company)
        self._find = GithubFinding(company, self._books)
        self._setter = GithubSetter(company, self._books, self._find)

    def latest(self) -> int:
        """The latest instant that was booked."""
        return self._books.latest

    def told(self, made: Any) -> dict[str, Any]:
        """Node ids, and numbers where there are any."""
        told = {name: getattr(made, name, None) for name in ("node_id", "repo", "number", "name")}
        return {name: value for name, value in told.items() if value is not None}

    # --- Issues --------------------------------------------------------------------------------------------------

    @mutation
    def update(self, issue: str, **values: Unpack[GithubValues]) -> GithubIssue:
        """Change fields, each with the events GitHub writes for it; iteration and estimate leave none."""
        found = self._find.issue(issue)
        self._setter.change(found, values, self.now, self.author)
        return found

    @mutation
    def create(
        self, repository: str, title: str, body: str = "", project: int | None = None, estimate: float | None = None
    ) -> GithubIssue:
        """A new issue, on a project if one is given."""
        found = self._books.create(self.now, self.author, self._find.repository(repository), title, body)
        if project is not None:
            self._books.add_to_project(found, self.now, self.author, self._find.project(project))
            self._books.project_changed(found, self.now)
        if estimate is not None:
            self._setter.change(found, {"estimate": estimate}, self.now, self.author)
        return found

    @mutation
    def close(
        self, issue: str, reason: Literal["COMPLETED", "NOT_PLANNED", "DUPLICATE"] = "COMPLETED"
    ) -> GithubIssue:
        """Close; on a project the status follows."""
        found = self._find.issue(issue)
        if found.state == "OPEN":
            self._books.close(found, self.now, self.author, reason)
            self._books.project_changed(found, self.now)
        return found

    @mutation
    def reopen(self, issue: str) -> GithubIssue:
        """Open again; on a project the status follows."""
        found = self._find.issue(issue)
        if found.state == "CLOSED":
            self._books.reopen(found, self.now, self.author)
            self._books.project_changed(found, self.now)
        return found

    @mutation
    def comment(self, issue: str) -> GithubIssue:
        """Somebody comments."""
        found = self._find.issue(issue)
        found.comment_count += 1
        self._books.touch(found, self.now)
        return found

    @mutation
    def delete(self, issue: str) -> GithubIssue:
        """Delete, with its item and its relations."""
        found = self._find.issue(issue)
        self._books.project_changed(found, self.now)
        self._books.delete(found, self.now)
        return found

    @mutation
    def transfer(self, issue: str, repository: str) -> GithubIssue:
        """Transfer to another repository: a new issue there, to which the old number redirects."""
        found, target = self._find.issue(issue), self._find.repository(repository)
        if found.repo == target.name or not target.issues_enabled or target.archived:
            raise MutationError(f"{issue} cannot be transferred to {target.name}")
        moved = self._books.transfer(found, self.now, self.author, target)
        self._books.project_changed(moved, self.now)
        return moved

    @mutation
    def add_to_project(self, issue: str, project: int) -> GithubIssue:
        """Put on a project, named by its number."""
        found = self._find.issue(issue)
        if found.node_id in self._books.items:
            raise MutationError(f"{issue} is on a project")
        self._books.add_to_project(found, self.now, self.author, self._find.project(project))
        self._books.project_changed(found, self.now)
        return found

    @mutation
    def remove_from_project(self, issue: str) -> GithubIssue:
        """Take off its project."""
        found = self._find.issue(issue)
        self._find.item(found)
        self._books.project_changed(found, self.now)
        self._books.remove_from_project(found, self.now, self.author)
        return found

    @mutation
    def block(self, blocker: str, blocked: str) -> None:
        """Mark one issue as blocked by another."""
        self._books.block(self._find.issue(blocker), self._find.issue(blocked), self.now, self.author)

    @mutation
    def unblock(self, blocker: str, blocked: str) -> None:
        """Take the mark away."""
        one, other = self._find.issue(blocker), self._find.issue(blocked)
        if other.node_id not in one.blocking:
            raise MutationError(f"{blocker} does not block {blocked}")
        self._books.unblock(one, other, self.now, self.author)

    @mutation
    def add_sub_issue(self, parent: str, child: str) -> None:
        """Put an issue under another."""
        under = self._find.issue(child)
        if under.parent is not None:
            raise MutationError(f"{child} has a parent")
        self._books.add_sub_issue(self._find.issue(parent), under, self.now, self.author)

    # --- Repositories --------------------------------------------------------------------------------------------

    @mutation
    def rename(self, repository: str, name: str) -> Repository:
        """Another name; the old one redirects."""
        found = self._find.repository(repository)
        if any(name in (one.name, *one.old_names) for one in self.company.repositories.values()):
            raise MutationError(f"a repository is or was called {name}")
        self._books.rename_repository(found, name)
        return found

    @mutation
    def hide(self, repository: str, *, is_hidden: bool = True) -> Repository:
        """Take the permission to see it from our account, or give it back."""
        found = self._find.repository(repository)
        found.is_hidden = is_hidden
        return found

    @mutation
    def archive(self, repository: str, *, is_archived: bool = True) -> Repository:
        """Archive, or restore."""
        found = self._find.repository(repository)
        found.archived = is_archived
        return found

    @mutation
    def update_milestone(
        self, repository: str, milestone: str, title: str | None = None, due_on: datetime | None = None,
        *, closed: bool | None = None,
    ) -> Milestone:  # fmt: skip
        """Change what is given of a milestone, named by its title; no issue tells of it."""
        found = self._find.milestone(self._find.repository(repository), milestone)
        found.title, found.due_on = title or found.title, due_on or found.due_on
        if closed is not None:
            found.closed_at = self._moment() if closed else None
        found.updated_at = self._moment()
        return found

    @mutation
    def open_pull_request(self, repository: str, title: str, closes: list[str] | None = None) -> PullRequest:
        """A new pull request, whose description closes the issues given."""
        owner, number, at = self._find.repository(repository), self._books.next_number(), self._moment()
        pull = PullRequest(
            node_id("PR", number), number, owner.name, owner.next_number, title, self.author, at, at,
            head_branch=f"branch-{owner.next_number}", first_commit_at=at - timedelta(hours=1), additions=10,
            closes=[self._find.issue(issue).node_id for issue in closes or ()],
        )  # fmt: skip
        owner.next_number += 1
        owner.pull_requests.append(pull)
        return pull

    @mutation
    def merge_pull_request(self, repository: str, number: int) -> PullRequest:
        """Merge; the issues it closes are closed by it."""
        for pull in self._find.repository(repository).pull_requests:
            if pull.number == number and pull.closed_at is None and pull.merged_at is None:
                pull.merged_at = pull.closed_at = pull.updated_at = self._moment()
                pull.merge_commit_oid = commit_oid(pull.node_id, "merge")
                for issue in (self._books.issues[key] for key in pull.closes if key in self._books.issues):
                    if issue.state == "OPEN" and issue.deleted_at is None:
                        self._books.close(issue, self.now, self.author, closer=pull.node_id)
                        self._books.project_changed(issue, self.now)
                return pull
        raise MutationError(f"{repository} has no open pull request {number}")

    # --- Projects (v2) -------------------------------------------------------------------------------------------

    @mutation
    def replace_iterations(self, project: int) -> GithubProject:
        """Save the field with its list: all iterations get new ids, and all items lose their values.

        The project is updated, its items are not.
        """
        found = self._find.project(project)
        before = {iteration.id for iteration in found.iterations}
        found.iterations = [replace(one, id=short_id(one.id, self.now)) for one in found.iterations]
        self._books.clear_iterations(before, project)
        found.updated_at = self._moment()
        return found

    @mutation
    def update_iteration(
        self, project: int, iteration: str, title: str | None = None, start_date: date | None = None,
        duration: int | None = None,
    ) -> GithubProject:  # fmt: skip
        """Change what is given of an iteration, named by its title, which keeps its id."""
        found = self._find.project(project)
        changed = self._find.iteration(found, iteration)
        changed.title = title or changed.title
        changed.start_date, changed.duration = start_date or changed.start_date, duration or changed.duration
        found.updated_at = self._moment()
        return found

    def _moment(self) -> datetime:
        """Now, in GitHub's whole seconds."""
        return moment_of(self.now - self.now % 1_000)

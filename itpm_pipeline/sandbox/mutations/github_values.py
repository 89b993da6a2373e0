"""Sets fields of GitHub issues, each with the events that GitHub writes for it."""

from typing import TypedDict

from itpm_pipeline.sandbox.company.model import Company, GithubIssue
from itpm_pipeline.sandbox.mutations.editing import MutationError
from itpm_pipeline.sandbox.mutations.github_books import GithubBooks
from itpm_pipeline.sandbox.mutations.github_finding import GithubFinding


class GithubValues(TypedDict, total=False):
    """Fields of an issue; ``milestone`` is a title, ``assignees`` are people's keys.

    ``status``, ``iteration`` (a title) and ``estimate`` are those of its item on a project.
    """

    title: str
    body: str
    labels: list[str]
    assignees: list[str]
    milestone: str | None
    issue_type: str
    status: str
    iteration: str | None
    estimate: float | None


class GithubSetter:
    """Iterations and estimates leave no event, and do not update the issue."""

    def __init__(self, company: Company, books: GithubBooks, find: GithubFinding) -> None:
        self._company, self._books, self._find = company, books, find

    def change(self, issue: GithubIssue, values: GithubValues, at: int, actor: str) -> None:
        """Change what differs."""
        books = self._books
        if values.get("title", issue.title) != issue.title:
            books.rename(issue, at, actor, values["title"])
        if values.get("body", issue.body) != issue.body:
            issue.body = values["body"]
            books.touch(issue, at)
        self._set_labels(issue, set(values.get("labels", issue.labels)), at, actor)
        self._set_people(issue, set(values.get("assignees", issue.assignees)), at, actor)
        if "milestone" in values:
            title = values["milestone"]
            milestone = None if title is None else self._find.milestone(self._find.repository(issue.repo), title)
            books.milestone(issue, at, actor, milestone)
        if values.get("issue_type", issue.issue_type) != issue.issue_type:
            self._retype(issue, values["issue_type"], at, actor)
        if {"status", "iteration", "estimate"} & values.keys():
            self._set_item(issue, values, at, actor)

    def _set_labels(self, issue: GithubIssue, wanted: set[str], at: int, actor: str) -> None:
        for label in sorted(set(issue.labels) - wanted):
            self._books.unlabel(issue, at, actor, label)
        for label in sorted(wanted - set(issue.labels)):
            self._books.label(issue, at, actor, label)

    def _set_people(self, issue: GithubIssue, people: set[str], at: int, actor: str) -> None:
        if unknown := people - self._company.people.keys():
            raise MutationError(f"there is no person {min(unknown)}")
        for person in sorted(set(issue.assignees) - people):
            self._books.unassign(issue, at, actor, person)
        for person in sorted(people - set(issue.assignees)):
            self._books.assign(issue, at, actor, person)

    def _retype(self, issue: GithubIssue, name: str, at: int, actor: str) -> None:
        if issue.issue_type is None:
            self._books.event(issue, at, actor, "IssueTypeAddedEvent", issueType=name)
            issue.issue_type = name
        else:
            self._books.retype(issue, at, actor, name)

    def _set_item(self, issue: GithubIssue, values: GithubValues, at: int, actor: str) -> None:
        project, _ = self._find.item(issue)
        if "status" in values:
            if values["status"] not in [name for _, name in project.status_options]:
                raise MutationError(f"project {project.number} has no status {values['status']}")
            self._books.set_status(issue, at, actor, values["status"])
        if "iteration" in values:
            title = values["iteration"]
            chosen = None if title is None else self._find.iteration(project, title).id
            self._books.set_iteration(issue, at, chosen)
        if "estimate" in values:
            self._books.set_estimate(issue, at, values["estimate"])
        self._books.project_changed(issue, at)

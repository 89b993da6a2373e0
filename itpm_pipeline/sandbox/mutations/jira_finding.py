"""Finds what a mutation of the Jira site names."""

from collections.abc import Iterator

from itpm_pipeline.sandbox.company.model import (
    Company,
    JiraBoard,
    JiraIssue,
    JiraProject,
    JiraSprint,
    JiraStatus,
    JiraVersion,
)
from itpm_pipeline.sandbox.mutations.editing import MutationError


class JiraFinding:
    """Each method raises MutationError when there is no such thing."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def issue(self, ref: str) -> JiraIssue:
        """An issue by id or key; deleted ones are not found, hidden ones are."""
        issues = self._company.jira_issues
        found = issues.get(ref) or next((one for one in issues.values() if one.key == ref), None)
        found = found or next((one for one in issues.values() if ref in one.old_keys), None)
        if found is None or found.deleted_at is not None:
            raise MutationError(f"there is no issue {ref}")
        return found

    def project(self, ref: str) -> JiraProject:
        """A project by id or present key."""
        for project in self._company.jira_projects.values():
            if ref in (project.id, project.key):
                return project
        raise MutationError(f"there is no project {ref}")

    def board(self, number: int) -> JiraBoard:
        """A board."""
        if number not in self._company.boards:
            raise MutationError(f"there is no board {number}")
        return self._company.boards[number]

    def sprint(self, number: int) -> JiraSprint:
        """A sprint."""
        if number not in self._company.sprints:
            raise MutationError(f"there is no sprint {number}")
        return self._company.sprints[number]

    def version(self, ref: str) -> JiraVersion:
        """A version by id."""
        for project in self._company.jira_projects.values():
            for version in project.versions:
                if version.id == ref:
                    return version
        raise MutationError(f"there is no version {ref}")

    # --- Statuses ------------------------------------------------------------------------------------------------

    def status(self, issue: JiraIssue, ref: str) -> JiraStatus:
        """A status by id, or by name among those of the issue's project."""
        statuses = self._company.statuses
        if ref in statuses:
            return statuses[ref]
        for status in self._of_project(self._company.jira_projects[issue.project_id]):
            if status.name == ref:
                return status
        raise MutationError(f"{issue.key} knows no status {ref}")

    def first_status(self, project: JiraProject) -> str:
        """Id of the status in which issues of a project begin."""
        for status in self._of_project(project):
            if status.category == "new":
                return status.id
        return next(iter(self._company.statuses))

    def fitting_status(self, issue: JiraIssue, project: JiraProject) -> str:
        """Id of the status that an issue gets in a project it came to: its own, else one of the same category."""
        known = list(self._of_project(project))
        own = self._company.statuses[issue.status_id]
        if not known or own in known:
            return own.id
        return next((status.id for status in known if status.category == own.category), known[0].id)

    def _of_project(self, project: JiraProject) -> Iterator[JiraStatus]:
        """Statuses on the project's boards from left to right, then those that its issues are in."""
        for board in self._company.boards.values():
            if project.id in board.project_ids:
                for _, ids in board.columns:
                    yield from (self._company.statuses[status] for status in ids)
        for issue in self._company.jira_issues.values():
            if issue.project_id == project.id:
                yield self._company.statuses[issue.status_id]

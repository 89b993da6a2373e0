"""Finds what a mutation of the GitHub organisation names."""

from itpm_pipeline.sandbox.company.model import (
    Company,
    GithubIssue,
    GithubProject,
    Iteration,
    Milestone,
    ProjectItem,
    Repository,
)
from itpm_pipeline.sandbox.mutations.editing import MutationError
from itpm_pipeline.sandbox.mutations.github_books import GithubBooks


class GithubFinding:
    """Each method raises MutationError when there is no such thing."""

    def __init__(self, company: Company, books: GithubBooks) -> None:
        self._company = company
        self._books = books

    def issue(self, ref: str) -> GithubIssue:
        """An issue by node id or ``repository#number``; deleted ones are not found."""
        found = self._books.issues.get(ref)
        if found is None and "#" in ref:
            repository, _, number = ref.rpartition("#")
            issues = self.repository(repository).issues
            found = next((issue for issue in issues if str(issue.number) == number), None)
        if found is None or found.deleted_at is not None:
            raise MutationError(f"there is no issue {ref}")
        return found

    def item(self, issue: GithubIssue) -> tuple[GithubProject, ProjectItem]:
        """Project and item of an issue."""
        if issue.node_id not in self._books.items:
            raise MutationError(f"{issue.repo}#{issue.number} is on no project")
        return self._books.items[issue.node_id]

    def repository(self, ref: str) -> Repository:
        """A repository by name, with or without its owner."""
        found = self._company.repositories.get(ref.removeprefix(f"{self._company.organization}/"))
        if found is None:
            raise MutationError(f"there is no repository {ref}")
        return found

    def project(self, number: int) -> GithubProject:
        """A project by number."""
        for project in self._company.github_projects:
            if project.number == number:
                return project
        raise MutationError(f"there is no project {number}")

    def milestone(self, repository: Repository, title: str) -> Milestone:
        """A milestone by title."""
        for milestone in repository.milestones:
            if milestone.title == title:
                return milestone
        raise MutationError(f"{repository.name} has no milestone {title}")

    def iteration(self, project: GithubProject, title: str) -> Iteration:
        """An iteration by title."""
        for iteration in project.iterations:
            if iteration.title == title:
                return iteration
        raise MutationError(f"project {project.number} has no iteration {title}")

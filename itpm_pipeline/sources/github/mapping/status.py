"""The status an issue has at any moment of its timeline (the rule is in the package's docstring)."""

from dataclasses import dataclass, field

from itpm_pipeline.canonical.vocabulary import StatusCategory
from itpm_pipeline.sources.github.context import GithubContext

BASE_STATUSES: dict[str, tuple[str, str]] = {
    "open": ("Open", StatusCategory.TODO.value),
    "in_progress": ("In progress", StatusCategory.IN_PROGRESS.value),
    "closed": ("Closed", StatusCategory.DONE.value),
}
"""Statuses of issues outside of projects: name and category."""


@dataclass(frozen=True, slots=True)
class Status:
    """A status as events and the issue tell it."""

    id: str
    name: str
    category: str


@dataclass(slots=True)
class StatusTracker:
    """What decides about the status, kept up to date event by event."""

    context: GithubContext
    labels: set[str]
    assignees: list[str]
    is_closed: bool = False
    open_pull_requests: int = 0
    nameless_assignees: int = 0
    """Assigned people whose accounts are gone by now: GitHub tells that there was one, not who."""
    columns: dict[str, Status] = field(default_factory=dict)
    """Project to its status option; the one set last stands last."""

    def now(self) -> Status:
        """The status at this moment."""
        if self.is_closed:
            return self.base("closed")
        if self.columns:
            return next(reversed(self.columns.values()))
        is_assigned = self.assignees or self.nameless_assignees > 0
        started = is_assigned or self.open_pull_requests > 0 or self._is_labelled_started()
        return self.base("in_progress" if started else "open")

    def base(self, name: str) -> Status:
        """One of the statuses outside of projects."""
        words, category = BASE_STATUSES[name]
        return Status(self.context.status_id(name), words, category)

    def set_column(self, project: str, status: Status | None) -> None:
        """The project shows the issue in another column; None: it left the project."""
        self.columns.pop(project, None)
        if status is not None:
            self.columns[project] = status

    def reopen(self) -> None:
        """A column of done work says nothing of an issue that was opened again, until somebody moves it."""
        self.is_closed = False
        for project in [name for name, status in self.columns.items() if status.category == StatusCategory.DONE]:
            del self.columns[project]

    def _is_labelled_started(self) -> bool:
        return any(label.casefold() in self.context.in_progress_labels for label in self.labels)

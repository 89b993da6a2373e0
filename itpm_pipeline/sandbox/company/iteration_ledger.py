"""The only code that notes which issues are planned for an iteration, and that tells the observer of it."""

from collections.abc import Mapping

from itpm_pipeline.sandbox.company.hours import local_instant
from itpm_pipeline.sandbox.company.model import GithubIssue, GithubProject, Iteration, ProjectItem
from itpm_pipeline.sandbox.company.truth import Observer, Standing


def iteration_name(project: GithubProject, iteration_id: str) -> str:
    """Name of an iteration in the truth."""
    return f"github:{project.number}:{iteration_id}"


class IterationLedger:
    """Members of iterations; ``issues`` and ``items`` are those of the GithubLedger, by the issue's node id."""

    def __init__(
        self,
        observer: Observer,
        issues: Mapping[str, GithubIssue],
        items: Mapping[str, tuple[GithubProject, ProjectItem]],
        zone: str,
    ) -> None:
        self._observer, self._issues, self._items, self._zone = observer, issues, items, zone
        self._inside: dict[str, dict[str, None]] = {}

    def issues_in(self, project: GithubProject, iteration_id: str) -> list[GithubIssue]:
        """Issues planned for an iteration now."""
        return [self._issues[key] for key in self._inside.get(iteration_name(project, iteration_id), ())]

    def open(self, project: GithubProject, iteration: Iteration) -> None:
        """Midnight: the iteration begins with the issues planned for it."""
        start = local_instant(iteration.start_date, 0, self._zone)
        standings = [self._standing(issue, iteration.id) for issue in self.issues_in(project, iteration.id)]
        self._observer.box_opened(iteration_name(project, iteration.id), start, standings)

    def close(self, project: GithubProject, iteration: Iteration, end: int) -> list[GithubIssue]:
        """Midnight: the iteration is over; its issues that are still open."""
        self._observer.box_closed(iteration_name(project, iteration.id), end)
        return [issue for issue in self.issues_in(project, iteration.id) if issue.state == "OPEN"]

    def moved(self, issue: GithubIssue, left: str | None) -> None:
        """The issue's item has another iteration now; ``left`` is the one before."""
        project, item = self._items[issue.node_id]
        if item.iteration_id is not None:
            self._inside.setdefault(iteration_name(project, item.iteration_id), {})[issue.node_id] = None
        self.changed(issue)
        if left is not None and left != item.iteration_id:
            name = iteration_name(project, left)
            self._inside[name].pop(issue.node_id, None)
            self._observer.in_box(name, self._standing(issue, left))

    def changed(self, issue: GithubIssue) -> None:
        """The issue was closed, opened again or estimated."""
        if issue.node_id in self._items:
            project, item = self._items[issue.node_id]
            if item.iteration_id is not None:
                name = iteration_name(project, item.iteration_id)
                self._observer.in_box(name, self._standing(issue, item.iteration_id))

    def forget(self, issue: GithubIssue, project: GithubProject, iteration_id: str) -> None:
        """The issue was deleted."""
        self._inside[iteration_name(project, iteration_id)].pop(issue.node_id, None)

    def _standing(self, issue: GithubIssue, iteration_id: str) -> Standing:
        _, item = self._items[issue.node_id]
        return Standing(issue.node_id, item.iteration_id == iteration_id, issue.state == "CLOSED", item.estimate)

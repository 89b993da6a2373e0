"""How a team that plans on GitHub books its work there."""

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.delivery import Delivery
from itpm_pipeline.sandbox.company.github_ledger import BLOCKED_LABEL, DOING, IN_PROGRESS_LABEL, REVIEW
from itpm_pipeline.sandbox.company.hours import MINUTE, SECOND
from itpm_pipeline.sandbox.company.model import GithubIssue
from itpm_pipeline.sandbox.company.world import World

_WITH_PULL = 0.85


class GithubDesk:
    """Books the work of one team on GitHub."""

    def __init__(self, world: World, delivery: Delivery, crew: Crew) -> None:
        self._delivery, self._crew = delivery, crew
        self._ledger = world.github
        self._random = crew.random
        self.open_parents: set[str] = set()
        """Issues that may still get sub-issues."""

    def start(self, work: Work, at: int, person: str) -> None:
        """Assign, then move to in progress; without a project a label tells."""
        issue = _github(work)
        for former in list(issue.assignees):
            if former != person:
                self._ledger.unassign(issue, at, person, former)
        self._ledger.assign(issue, at, person, person)
        later = at + self._random.randrange(3 * SECOND, 50 * SECOND)
        if issue.node_id in self._ledger.items:
            self._ledger.set_status(issue, later, person, DOING)
        elif self._random.random() < 0.5:
            self._ledger.label(issue, later, person, IN_PROGRESS_LABEL)
        parent = self._ledger.issues[issue.parent] if issue.parent else None
        if parent and not parent.assignees:
            self._ledger.assign(parent, at + 70 * SECOND, person, self._crew.lead)
            if parent.node_id in self._ledger.items:
                self._ledger.set_status(parent, at + 75 * SECOND, person, DOING)

    def work_on(self, work: Work, begin: int, end: int, person: str) -> None:
        """Open a pull request some time."""
        if self._random.random() < _WITH_PULL:
            opened = begin + round((end - begin) * self._random.uniform(0.4, 0.95))
            self._crew.act(opened, person, self._open_pull, work)

    def submit(self, work: Work, at: int, person: str) -> None:
        """Move to review."""
        if _github(work).node_id in self._ledger.items:
            self._ledger.set_status(_github(work), at, person, REVIEW)

    def send_back(self, work: Work, at: int, person: str) -> None:
        """Review found something."""
        self._delivery.review(work, at, person)
        self._ledger.comment(_github(work), at)
        if _github(work).node_id in self._ledger.items:
            self._ledger.set_status(_github(work), at + 30 * SECOND, person, DOING)

    def finish(self, work: Work, at: int, person: str, resolution: str = "Done") -> None:
        """Merge the pull request, which closes the issue; or close it by hand."""
        issue = _github(work)
        self._ledger.unlabel(issue, at - 10 * SECOND, person, IN_PROGRESS_LABEL)
        closer = None
        if work.pull and work.pull.closed_at is None:
            self._delivery.review(work, at - 6 * MINUTE, person)
            self._delivery.merge(work.pull, at)
            closer = work.pull.node_id
        reason = {"Done": "COMPLETED", "Duplicate": "DUPLICATE"}.get(resolution, "NOT_PLANNED")
        self._ledger.close(issue, at + 2 * SECOND, person, reason, closer)
        self.settle_parent(issue, at + 2 * MINUTE, person)

    def cancel(self, work: Work, at: int, person: str) -> None:
        """Decide not to do it."""
        work.stage = "gone"
        self._ledger.comment(_github(work), at)
        self._ledger.close(_github(work), at + 5 * SECOND, person, "NOT_PLANNED")
        self.settle_parent(_github(work), at + 2 * MINUTE, person)

    def reopen(self, work: Work, at: int, person: str) -> None:
        """Open again; into the backlog unless its iteration is still under way."""
        issue = _github(work)
        self._ledger.comment(issue, at)
        self._ledger.reopen(issue, at + 20 * SECOND, person)
        work.pull = None
        if issue.parent and self._ledger.issues[issue.parent].state == "CLOSED":
            self._ledger.reopen(self._ledger.issues[issue.parent], at + 60 * SECOND, person)
        if self._crew.todo_box is None or not self._is_in(issue, self._crew.todo_box):
            work.stage = "backlog"

    def _is_in(self, issue: GithubIssue, iteration_id: str) -> bool:
        return issue.node_id in self._ledger.items and self._ledger.items[issue.node_id][1].iteration_id == iteration_id

    def flag(self, work: Work, at: int, person: str, *, is_on: bool) -> None:
        """Set or remove the label that tells of an impediment."""
        (self._ledger.label if is_on else self._ledger.unlabel)(_github(work), at, person, BLOCKED_LABEL)

    def comment(self, work: Work, at: int) -> None:
        """Somebody comments."""
        self._ledger.comment(_github(work), at)

    def estimate(self, work: Work, at: int, person: str, points: float | None) -> None:
        """Set the estimate on the project."""
        del person
        if _github(work).node_id in self._ledger.items:
            self._ledger.set_estimate(_github(work), at, points)

    def points(self, work: Work) -> float | None:
        """The estimate now."""
        entry = self._ledger.items.get(_github(work).node_id)
        return entry[1].estimate if entry else None

    def hand_over(self, work: Work, at: int, actor: str, person: str) -> None:
        """Assign to somebody else."""
        issue = _github(work)
        self._ledger.assign(issue, at, actor, person)
        for former in list(issue.assignees):
            if former != person:
                self._ledger.unassign(issue, at + 4 * SECOND, actor, former)

    def settle_parent(self, issue: GithubIssue, at: int, person: str) -> None:
        """Close the parent when all its sub-issues are closed."""
        parent = self._ledger.issues[issue.parent] if issue.parent else None
        if parent is None or parent.node_id in self.open_parents or parent.state == "CLOSED":
            return
        if all(self._ledger.issues[child].state == "CLOSED" for child in parent.sub_issues):
            self._ledger.close(parent, at, person)

    def _open_pull(self, now: int, person: str, work: Work) -> None:
        if work.stage == "doing":
            self._delivery.open_pull(work, now, person, _github(work).repo)


def _github(work: Work) -> GithubIssue:
    assert isinstance(work.issue, GithubIssue)
    return work.issue

"""What a perfect observer notes down while the company works (METRICS.md sections 2.2 and 3.1).

Nothing here is derived from histories: the ledgers report every change as it happens. Issues that nobody can see any
more (deleted ones, and those of projects that are archived or closed to us) are struck from all notes, also of sprints
that ended before, because a pipeline that starts reading now cannot know of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from itpm_pipeline.sandbox.company.hours import moment_of
from itpm_pipeline.sandbox.company.model import SprintTruth, Truth


@dataclass(frozen=True, slots=True)
class Standing:
    """How an issue stands towards a time-box at an instant."""

    issue: str
    is_member: bool
    is_done: bool
    estimate: float | None


class ScopeAccount:
    """Running account of one time-box from its start to its end."""

    def __init__(self, sprint: str, start: int, standings: Iterable[Standing]) -> None:
        self.sprint = sprint
        self._start = start
        self._now: dict[str, Standing] = {}
        self._committed: dict[str, float | None] = {}
        self._in_scope: set[str] = set()
        self._entries: dict[str, float | None] = {}
        self._exits: dict[str, float | None] = {}
        for standing in standings:
            self._now[standing.issue] = standing
            if standing.is_member and not standing.is_done:
                self._in_scope.add(standing.issue)
                self._committed[standing.issue] = standing.estimate

    def note(self, standing: Standing) -> None:
        """An issue changed, left or came."""
        issue = standing.issue
        self._now[issue] = standing
        if issue in self._in_scope:
            if not standing.is_member:
                self._in_scope.discard(issue)
                self._exits[issue] = standing.estimate
        elif standing.is_member and not standing.is_done:
            self._in_scope.add(issue)
            self._entries[issue] = standing.estimate

    def knows(self, issue: str) -> bool:
        """Whether the issue was ever noted."""
        return issue in self._now

    def settle(self, end: int) -> SprintTruth:
        """The final account, as of just before ``end``."""
        truth = SprintTruth(self.sprint, moment_of(self._start), moment_of(end))
        truth.committed = dict(self._committed)
        truth.added = {issue: points for issue, points in self._entries.items() if issue not in self._committed}
        for issue, standing in self._now.items():
            if issue in self._in_scope:
                ending = truth.completed if standing.is_done else truth.not_completed
                ending[issue] = standing.estimate
            elif issue in self._exits:
                truth.removed[issue] = self._exits[issue]
            elif standing.is_member and standing.is_done:
                truth.completed_outside.append(issue)
        return truth


class Observer:
    """Notes when issues start and finish, and what happens to time-boxes."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self._categories: dict[str, str] = {}
        self._accounts: dict[str, ScopeAccount] = {}

    def born(self, issue: str, category: str = "todo") -> None:
        """An issue was created."""
        self._categories[issue] = category

    def moved(self, issue: str, category: str, at: int) -> None:
        """An issue came to a status of this category (todo, in_progress or done)."""
        before = self._categories[issue]
        if category == before:
            return
        self._categories[issue] = category
        if category == "in_progress":
            self.truth.started_at.setdefault(issue, moment_of(at))
        if category == "done":
            self.truth.finished_at[issue] = moment_of(at)
        elif before == "done":
            del self.truth.finished_at[issue]
            self.truth.reopen_count[issue] = self.truth.reopen_count.get(issue, 0) + 1

    def box_opened(self, sprint: str, start: int, standings: Iterable[Standing]) -> None:
        """A sprint or iteration began."""
        self._accounts[sprint] = ScopeAccount(sprint, start, standings)

    def in_box(self, sprint: str, standing: Standing) -> None:
        """Something about an issue changed that may concern an open time-box."""
        account = self._accounts.get(sprint)
        if account and (standing.is_member or account.knows(standing.issue)):
            account.note(standing)

    def box_closed(self, sprint: str, end: int) -> None:
        """A sprint or iteration ended."""
        self.truth.sprints.append(self._accounts.pop(sprint).settle(end))

    def finish(self, invisible: set[str]) -> None:
        """Complete the notes and strike ``invisible`` issues.

        Issues that are done without ever having been in progress started when they finished.
        """
        truth = self.truth
        for issue, finished in truth.finished_at.items():
            truth.started_at.setdefault(issue, finished)
        for notes in (truth.started_at, truth.finished_at, truth.reopen_count):
            for issue in invisible & notes.keys():
                del notes[issue]
        for sprint in truth.sprints:
            for sets in (sprint.committed, sprint.added, sprint.removed, sprint.completed, sprint.not_completed):
                for issue in invisible & sets.keys():
                    del sets[issue]
            sprint.completed_outside = [issue for issue in sprint.completed_outside if issue not in invisible]
        truth.sprints.sort(key=lambda sprint: (sprint.end_at, sprint.sprint))

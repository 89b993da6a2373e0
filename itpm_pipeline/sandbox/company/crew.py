"""A team at work, as the simulation sees it: what it has to do, who is free, when it must not be disturbed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Protocol

from itpm_pipeline.sandbox.company.agenda import Agenda
from itpm_pipeline.sandbox.company.blueprint import TeamPlan
from itpm_pipeline.sandbox.company.hours import MINUTE, WORKDAY, WorkHours
from itpm_pipeline.sandbox.company.model import GithubIssue, JiraIssue, PullRequest

_QUIET_BEFORE, _QUIET_AFTER = 8 * MINUTE, 3 * MINUTE
"""Nobody changes an issue around the start and the end of its sprint, so that no event is ambiguous."""

_BUSY_SHARE = 0.68
"""Share of working time that goes into new work on issues; the rest is rework, support and waiting."""

_ECONOMY_OF_SIZE = 0.65
"""Effort grows with size to this power: people estimate large work high and then do it together."""

_SIZE_WEIGHTS = (3.0, 4.0, 4.0, 2.0, 0.8, 0.3)
"""How often each step of an estimation scale occurs: small work is more common."""


@dataclass(slots=True, eq=False)
class Work:
    """An issue in a team's hands. ``size`` is the true effort in points, whatever people estimate."""

    issue: JiraIssue | GithubIssue
    crew: "Crew"
    size: float
    stage: str = "backlog"
    """backlog, planned (in a time-box or selected), doing, review, done or gone."""
    worker: str | None = None
    blockers: "list[Work]" = field(default_factory=list)
    blocking: "list[Work]" = field(default_factory=list)
    pull: PullRequest | None = None
    reopened: int = 0

    @property
    def is_open(self) -> bool:
        """Neither done nor gone."""
        return self.stage not in {"done", "gone"}

    @property
    def is_blocked(self) -> bool:
        """Something it waits for is still open."""
        return any(blocker.is_open for blocker in self.blockers)


def _nothing(_now: int, _person: str) -> None:
    return None


class Desk(Protocol):
    """The verbs of a team in its tracker. Each books at least one change at about ``at``."""

    def start(self, work: Work, at: int, person: str) -> None:
        """Begin."""

    def submit(self, work: Work, at: int, person: str) -> None:
        """Ask for a review."""

    def send_back(self, work: Work, at: int, person: str) -> None:
        """Ask for rework."""

    def finish(self, work: Work, at: int, person: str, resolution: str = "Done") -> None:
        """Complete."""

    def cancel(self, work: Work, at: int, person: str) -> None:
        """Decide not to do it."""

    def reopen(self, work: Work, at: int, person: str) -> None:
        """Open again."""

    def flag(self, work: Work, at: int, person: str, *, is_on: bool) -> None:
        """Mark or unmark as impeded."""

    def comment(self, work: Work, at: int) -> None:
        """Comment."""

    def estimate(self, work: Work, at: int, person: str, points: float | None) -> None:
        """Set the estimate."""

    def points(self, work: Work) -> float | None:
        """The estimate now."""

    def hand_over(self, work: Work, at: int, actor: str, person: str) -> None:
        """Assign to somebody else."""

    def work_on(self, work: Work, begin: int, end: int, person: str) -> None:
        """Plan what else happens during a stretch of work."""


class Crew:
    """The running state of one team."""

    desk: Desk

    def __init__(
        self, plan: TeamPlan, members: list[str], zones: dict[str, str], hours: dict[str, WorkHours], agenda: Agenda,
        random: Random,
    ) -> None:
        self.plan = plan
        self.members = members
        self.random = random
        self.agenda = agenda
        self.backlog: list[Work] = []
        self.todo: list[Work] = []
        self.doing: list[Work] = []
        self.busy: set[str] = set()
        self.idle: dict[str, None] = {}
        self.todo_box: str | None = None
        """Name of the iteration under way, of teams that plan on GitHub."""
        self.boundaries: list[int] = []
        """Starts and ends of time-boxes around now."""
        self.lifetime = (0, 1)
        self.when_dry: Callable[[int, str], Work | None] = _nothing
        """Asked for work when nothing is left to do; gives one to begin at once, or none."""
        self.successors: dict[str, str] = {}
        """Who acts for people who left."""
        self._zones, self._hours = zones, hours
        weighted = list(zip(plan.scale, _SIZE_WEIGHTS, strict=False))
        self._points_per_power = sum(weight * size for size, weight in weighted) / sum(
            weight * size**_ECONOMY_OF_SIZE for size, weight in weighted
        )

    @property
    def lead(self) -> str:
        """The one who plans, opens and closes sprints."""
        return self.members[0]

    def hours_of(self, person: str) -> WorkHours:
        """A person's working hours."""
        return self._hours[self._zones[person]]

    def other_than(self, person: str | None) -> str:
        """A random colleague."""
        others = [member for member in self.members if member != person]
        return self.random.choice(others) if others else self.lead

    def free_instant(self, person: str, instant: int) -> int:
        """The first instant from ``instant`` on at which the person works and nobody must be quiet."""
        hours = self.hours_of(person)
        while True:
            working = hours.at_or_after(instant)
            if working > instant:
                instant = working + self.random.randrange(2 * MINUTE, 50 * MINUTE)
                continue
            quiet = next((edge for edge in self.boundaries if -_QUIET_BEFORE <= instant - edge <= _QUIET_AFTER), None)
            if quiet is None:
                return instant
            instant = quiet + _QUIET_AFTER + self.random.randrange(MINUTE, 30 * MINUTE)

    def act(self, instant: int, person: str, action: Callable[..., None], *arguments: Any) -> None:
        """Plan ``action(instant, person, *arguments)`` for when the person is at work."""
        self.agenda.plan(self.free_instant(person, instant), self._perform, person, action, arguments)

    def _perform(self, now: int, person: str, action: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        acting = self.successors.get(person, person)
        free = self.free_instant(acting, now)
        if free > now:
            self.agenda.plan(free, self._perform, acting, action, arguments)
        else:
            action(now, acting, *arguments)

    def velocity(self, instant: int) -> float:
        """Points the team can do in one sprint at this time of its life."""
        begin, end = self.lifetime
        early, middle, late = self.plan.velocity
        position = min(1.0, max(0.0, (instant - begin) / (end - begin))) * 2
        return early + (middle - early) * position if position < 1 else middle + (late - middle) * (position - 1)

    def effort(self, points: float, instant: int) -> int:
        """Working time (ms) somebody needs for so many points."""
        days = self.plan.sprint_days * 5 / 7
        time_of_team = self.plan.slots * days * WORKDAY * _BUSY_SHARE
        effective: float = points**_ECONOMY_OF_SIZE * self._points_per_power
        return round(effective * time_of_team / self.velocity(instant))

    def size(self) -> float:
        """True effort of a new issue, in points."""
        scale = self.plan.scale
        step = self.random.choices(scale, _SIZE_WEIGHTS[: len(scale)])[0]
        return step * self.random.uniform(0.8, 1.25)

    def nearest_estimate(self, size: float) -> float:
        """What the team would estimate for a true size."""
        guess = size * self.random.lognormvariate(0, 0.25)
        return min(self.plan.scale, key=lambda value: abs(value - guess))

    def keep_boundaries(self, now: int, *instants: int) -> None:
        """Announce boundaries and forget those long past."""
        recent = now - int(timedelta(days=2) / timedelta(milliseconds=1))
        self.boundaries = [edge for edge in self.boundaries if edge > recent] + list(instants)

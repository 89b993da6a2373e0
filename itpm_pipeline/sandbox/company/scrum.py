"""The sprints of a team that plans in Jira: planning, start, change of scope, close."""

import re
from datetime import timedelta

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.flow import Flow
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, MINUTE, SECOND, moment_of
from itpm_pipeline.sandbox.company.jira_desk import JiraDesk
from itpm_pipeline.sandbox.company.jira_ledger import sprint_name
from itpm_pipeline.sandbox.company.model import JiraBoard, JiraIssue, JiraSprint
from itpm_pipeline.sandbox.company.refinement import Refinement
from itpm_pipeline.sandbox.company.scope import ScopeChanges
from itpm_pipeline.sandbox.company.sprint_calendar import SprintCalendar
from itpm_pipeline.sandbox.company.world import World

_GUESS_WITHOUT_ESTIMATE = 3.0
_ROLLED_OVER = 0.8
"""Share of incomplete issues that go to the next sprint rather than back to the backlog."""
_LEAST_FORECAST = 0.8
"""Share of what it could do at least plans a team, also after bad sprints."""
_PULLS_MORE, _STARTS_EARLY = 0.12, 0.1
"""Chances that somebody with nothing left to do takes more into the sprint, or begins work of the next one."""
_GOALS = ("Guests can pay", "Fewer incidents", "Ready for the audit", "Pilot customers live", "")


class SprintNumbers:
    """Sprint ids of the site."""

    def __init__(self) -> None:
        self.last = 30

    def next(self) -> int:
        """The next id."""
        self.last += 1
        return self.last


class ScrumCadence:
    """Sprints of one team, one after the other."""

    def __init__(
        self, world: World, crew: Crew, board: JiraBoard, refinement: Refinement, numbers: SprintNumbers
    ) -> None:
        self._world, self._crew, self._board, self._numbers = world, crew, board, numbers
        self._refinement = refinement
        self._flow = Flow(crew)
        self._random = crew.random
        self._scope = ScopeChanges(crew, refinement)
        self.loses_at_close = False
        """At the next close, the closing sprint vanishes from what is rolled over (as some sites book it)."""
        self._ids: list[int] = []
        self._velocities: list[float] = []
        self._sprint_count = 0
        self._closes_at = 0
        self._name_pattern = crew.plan.sprint_name
        self._calendar = SprintCalendar(crew, world.agenda.end)

    def begin(self) -> None:
        """Plan the first sprint."""
        self._crew.when_dry = self._more_work
        first = self._calendar.nominal_start
        self._crew.lifetime = (first, self._world.agenda.end)
        lead = self._crew.lead
        self._crew.act(first - 6 * DAY, lead, self._prepare)
        self._crew.act(first - 3 * HOUR, lead, self._fill)
        self._plan_start(first)

    def rename(self, pattern: str) -> None:
        """From now on sprints are called differently, open ones too; histories keep the old names."""
        self._name_pattern = pattern
        for sprint in self._world.company.sprints.values():
            if sprint.board_id == self._board.id and sprint.state != "closed":
                number = re.findall(r"\d+", sprint.name)[-1]
                sprint.name = pattern.format(n=number)

    @property
    def following(self) -> JiraSprint | None:
        """The next sprint that has not started."""
        return self._of_state("future")

    @property
    def active(self) -> JiraSprint | None:
        """The sprint under way."""
        return self._of_state("active")

    def _of_state(self, state: str) -> JiraSprint | None:
        sprints = [self._world.company.sprints[number] for number in self._mine]
        return next((sprint for sprint in sprints if sprint.state == state), None)

    @property
    def _mine(self) -> list[int]:
        """The ids of the last few sprints of this board."""
        return self._ids[-3:]

    def _prepare(self, now: int, person: str) -> None:
        self._create_sprint(now)
        self._refinement.refill(now, person)
        self._crew.act(now + 7 * DAY, person, self._refine)

    def _refine(self, now: int, person: str) -> None:
        """Every week the backlog is filled up; old low items are dropped now and then."""
        crew = self._crew
        if len(crew.backlog) > 8 and self._random.random() < 0.3:
            work = crew.backlog.pop(self._random.randrange(6, len(crew.backlog)))
            crew.desk.cancel(work, now, person)
        self._refinement.refill(now + 2 * MINUTE, person)
        crew.act(now + 7 * DAY + self._random.randrange(-HOUR, HOUR), crew.lead, self._refine)

    def _create_sprint(self, now: int) -> JiraSprint:
        self._sprint_count += 1
        week = (moment_of(now) + timedelta(days=7)).isocalendar().week
        label = f"{week:02d}" if "KW" in self._name_pattern else str(self._sprint_count)
        name = self._name_pattern.format(n=label)
        if self._sprint_count % 9 == 8:
            name += ", hardening"
        sprint = JiraSprint(self._numbers.next(), name, self._board.id, "future", moment_of(now),
                            goal=self._random.choice(_GOALS))
        self._world.company.sprints[sprint.id] = sprint
        self._ids.append(sprint.id)
        return sprint

    def _fill(self, now: int, person: str) -> None:
        """Sprint planning: as much from the backlog as the velocity allows."""
        sprint = self.following
        if sprint is None:
            return
        crew, ledger = self._crew, self._world.jira
        expected = self._forecast(now) * crew.plan.optimism * self._random.uniform(0.92, 1.08)
        load = sum(_weight(issue) for issue in ledger.issues_in(sprint.id) if issue.resolution is None)
        at = now
        for work in list(crew.backlog):
            if load >= expected - 1:
                break
            if work.is_blocked and self._random.random() < 0.6:
                continue
            weight = _weight(_jira(work))
            if load + weight > expected * 1.15:
                continue
            load += weight
            self._take(work, at, person, sprint)
            at += self._random.randrange(9 * SECOND, 25 * SECOND)

    def _take(self, work: Work, at: int, person: str, sprint: JiraSprint) -> None:
        self._crew.backlog.remove(work)
        work.stage = "planned"
        self._world.jira.put_into_sprint(_jira(work), at, person, sprint.id)

    def _forecast(self, now: int) -> float:
        recent, able = self._velocities[-3:], self._crew.velocity(now)
        return max(sum(recent) / len(recent), _LEAST_FORECAST * able) if recent else able

    # --- Start

    def _plan_start(self, nominal: int) -> None:
        start = self._calendar.start(nominal)
        self._crew.keep_boundaries(self._world.agenda.now, start)
        self._world.agenda.plan(start, self._start)

    def _start(self, now: int) -> None:
        sprint = self.following
        if sprint is None:
            return
        crew = self._crew
        nominal_close = self._calendar.next_close(now)
        self._world.jira.open_sprint(sprint, now, nominal_close)
        self._gather(sprint)
        self._flow.wake(now)
        for person in crew.members:
            if person not in crew.busy:
                crew.act(now + self._random.randrange(10 * MINUTE, 5 * HOUR), person, self._flow.look_for_work)
        close = self._calendar.close(nominal_close, self._sprint_count)
        crew.keep_boundaries(now, close)
        self._closes_at = close
        self._world.agenda.plan(close, self._close, sprint)
        self._create_sprint(now + 20 * MINUTE)
        crew.act(now + (close - now) * 2 // 3, crew.lead, self._plan_ahead)
        self._scope.plan(_Box(self._world, sprint, self.following), now, close)
        if crew.plan.workflow == "release":
            for offset in (1, 5, 6):
                crew.act(now + offset * DAY + HOUR, crew.lead, self._release_train)

    def _gather(self, sprint: JiraSprint) -> None:
        """The sprint's issues that nobody has begun are what the team has to do."""
        works = [self._world.works[issue.id] for issue in self._world.jira.issues_in(sprint.id)]
        started = [work for work in self._crew.todo if work in works]
        self._crew.todo = started + [work for work in works if work.stage == "planned" and work not in started]

    def _plan_ahead(self, now: int, person: str) -> None:
        """Some of the next sprint is chosen early."""
        sprint = self.following
        if sprint and self._crew.backlog:
            for number, work in enumerate(self._crew.backlog[: self._random.randint(1, 3)]):
                self._take(work, now + number * 15 * SECOND, person, sprint)

    def _more_work(self, now: int, person: str) -> Work | None:
        """Nothing is left to do and time remains: more into the sprint, or an early start of the next one."""
        crew, sprint, chance = self._crew, self.active, self._random.random()
        if sprint is None or now > self._closes_at - 2 * DAY:
            return None
        work = next((each for each in crew.backlog if not each.is_blocked), None)
        if chance < _PULLS_MORE:
            if work:
                self._take(work, now, person, sprint)
                return work
        elif chance < _PULLS_MORE + _STARTS_EARLY:
            chosen = [self._world.works[issue.id] for issue in self._world.jira.issues_in(self._ids[-1])]
            return next((each for each in chosen if each.stage == "planned" and not each.is_blocked), None)
        return None

    def _release_train(self, now: int, person: str) -> None:
        desk = self._crew.desk
        assert isinstance(desk, JiraDesk)
        sprint = self.active
        for number, issue in enumerate(self._world.jira.issues_in(sprint.id) if sprint else ()):
            desk.release(self._world.works[issue.id], now + number * 4 * SECOND, person)

    # --- Close

    def _close(self, now: int, sprint: JiraSprint) -> None:
        crew, ledger, lead = self._crew, self._world.jira, self._crew.lead
        incomplete = ledger.close_sprint(sprint, now)
        truth = self._world.observer.truth.sprints[-1]
        assert truth.sprint == sprint_name(sprint.id)
        self._velocities.append(sum(points or 0 for points in truth.completed.values()))
        following = self.following
        assert following is not None
        crew.todo = []
        at = now + 180
        loses = self.loses_at_close and any(self._world.works[issue.id].stage != "gone" for issue in incomplete)
        self.loses_at_close = self.loses_at_close and not loses
        for issue in incomplete:
            work = self._world.works[issue.id]
            if work.stage == "gone":
                continue
            if loses:
                ledger.lose_at_close(issue, now - 3 * SECOND + len(issue.history), lead, sprint, following.id)
            elif work.stage != "planned" or self._random.random() < _ROLLED_OVER:
                ledger.put_into_sprint(issue, at, lead, following.id)
                at += self._random.randrange(5, 40)
            else:
                work.stage = "backlog"
                crew.backlog.insert(0, work)
        start = max(self._calendar.nominal_start, now + 2 * HOUR)
        crew.act(now + 40 * MINUTE, lead, self._fill)
        self._plan_start(start)


class _Box:
    """A sprint under way, for changes of its scope."""

    def __init__(self, world: World, sprint: JiraSprint, following: JiraSprint | None) -> None:
        self._world, self._sprint, self._following = world, sprint, following

    def bring_in(self, work: Work, at: int, person: str) -> None:
        self._world.jira.put_into_sprint(_jira(work), at, person, self._sprint.id)

    def take_out(self, work: Work, at: int, person: str, *, to_next: bool) -> None:
        goes_on = self._following.id if to_next and self._following else None
        self._world.jira.put_into_sprint(_jira(work), at, person, goes_on)

    def is_over(self) -> bool:
        return self._sprint.state != "active"


def _weight(issue: JiraIssue) -> float:
    return _GUESS_WITHOUT_ESTIMATE if issue.points is None else issue.points


def _jira(work: Work) -> JiraIssue:
    assert isinstance(work.issue, JiraIssue)
    return work.issue

"""The iterations of a team that plans on a GitHub project. They begin and end at midnight, by the calendar alone."""

from datetime import timedelta

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.flow import Flow
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, MINUTE, SECOND, local_date, local_instant
from itpm_pipeline.sandbox.company.identifiers import short_id
from itpm_pipeline.sandbox.company.model import GithubIssue, GithubProject, Iteration
from itpm_pipeline.sandbox.company.refinement import Refinement
from itpm_pipeline.sandbox.company.scope import ScopeChanges
from itpm_pipeline.sandbox.company.world import World

_GUESS_WITHOUT_ESTIMATE = 3.0
_LEAST_FORECAST = 0.8
"""Share of what it could do at least plans a team, also after bad iterations."""
_PULLS_MORE = 0.15
_AHEAD = 3
"""Iterations that exist before they begin."""


class IterationCadence:
    """Iterations of one team.

    ``rolls_at_midnight``: a workflow moves open issues on at the very instant of the change. Otherwise people do it,
    mostly on the last afternoon (so they leave the iteration before its end), the rest on the first morning after it.
    """

    def __init__(
        self, world: World, crew: Crew, project: GithubProject, refinement: Refinement, zone: str, *,
        rolls_at_midnight: bool,
    ) -> None:
        self._world, self._crew, self._project, self._zone = world, crew, project, zone
        self._refinement = refinement
        self._rolls_at_midnight = rolls_at_midnight
        self._flow = Flow(crew)
        self._scope = ScopeChanges(crew, refinement)
        self._random = crew.random
        self._velocities: list[float] = []
        self._current: int | None = None
        plan = crew.plan
        today = local_date(world.agenda.end, zone)
        latest = today - timedelta(days=plan.into_sprint)
        count = plan.weeks * 7 // plan.sprint_days
        project.iterations = [
            Iteration(short_id(world.seed, project.number, number), plan.sprint_name.format(n=number + 1),
                      latest - timedelta(days=plan.sprint_days * (count - 1 - number)), plan.sprint_days)
            for number in range(count + _AHEAD - 1)
        ]

    def begin(self) -> None:
        """Plan the first iteration."""
        self._crew.when_dry = self._more_work
        first = self._start_of(0)
        self._crew.lifetime = (first, self._world.agenda.end)
        self._crew.act(first - 6 * DAY, self._crew.lead, self._prepare)
        self._crew.act(self._last_afternoon(0), self._crew.lead, self._fill, 0)
        for number in range(len(self._project.iterations)):
            self._world.agenda.plan(self._start_of(number), self._turn, number)
        self._crew.keep_boundaries(0, *(self._start_of(number) for number in range(len(self._project.iterations))))

    def _start_of(self, number: int) -> int:
        iterations = self._project.iterations
        day = iterations[number].start_date
        return local_instant(day, 0, self._zone)

    def _last_afternoon(self, number: int) -> int:
        """On the last working day before an iteration, after lunch of the one who plans."""
        hours = self._crew.hours_of(self._crew.lead)
        instant = self._start_of(number)
        for back in range(1, 15):
            candidate = local_instant(
                self._project.iterations[number].start_date - timedelta(days=back), 13.5, hours.zone
            )
            if hours.contains(candidate) and candidate < instant - HOUR:
                return candidate + self._random.randrange(HOUR)
        return instant - DAY

    def _prepare(self, now: int, person: str) -> None:
        self._refinement.refill(now, person)
        self._crew.act(now + 7 * DAY, person, self._refine)

    def _refine(self, now: int, person: str) -> None:
        crew = self._crew
        if len(crew.backlog) > 8 and self._random.random() < 0.3:
            work = crew.backlog.pop(self._random.randrange(6, len(crew.backlog)))
            crew.desk.cancel(work, now, person)
        self._refinement.refill(now + 3 * MINUTE, person)
        crew.act(now + 7 * DAY + self._random.randrange(-HOUR, HOUR), crew.lead, self._refine)

    def _fill(self, now: int, _person: str, number: int) -> None:
        """Plan an iteration before it begins; without the workflow, open issues are moved on now."""
        crew, ledger = self._crew, self._world.github
        iteration = self._project.iterations[number]
        if now >= self._start_of(number):
            return
        at, load = now, 0.0
        open_now = self._open_issues(number - 1) if number else []
        if not self._rolls_at_midnight:
            for issue in open_now:
                if self._random.random() < 0.6:
                    ledger.set_iteration(issue, at, iteration.id)
                    at += self._random.randrange(4 * SECOND, 20 * SECOND)
        expected = self._forecast(now) * crew.plan.optimism * self._random.uniform(0.92, 1.08)
        load = sum(self._weight(issue) * 0.5 for issue in open_now)
        for work in list(crew.backlog):
            if load >= expected - 1:
                break
            if work.is_blocked and self._random.random() < 0.6:
                continue
            load += self._weight(_github(work))
            crew.backlog.remove(work)
            work.stage = "planned"
            ledger.set_iteration(_github(work), at, iteration.id)
            at += self._random.randrange(9 * SECOND, 25 * SECOND)

    def _forecast(self, now: int) -> float:
        recent, able = self._velocities[-3:], self._crew.velocity(now)
        return max(sum(recent) / len(recent), _LEAST_FORECAST * able) if recent else able

    def _turn(self, now: int, number: int) -> None:
        """Midnight: one iteration ends, the next begins."""
        crew, ledger = self._crew, self._world.github
        iteration = self._project.iterations[number]
        left: list[GithubIssue] = []
        if number:
            left = ledger.iterations.close(self._project, self._project.iterations[number - 1], now)
            truth = self._world.observer.truth.sprints[-1]
            self._velocities.append(sum(points or 0 for points in truth.completed.values()))
            if self._rolls_at_midnight:
                for issue in left:
                    ledger.set_iteration(issue, now, iteration.id)
        ledger.iterations.open(self._project, iteration)
        crew.todo_box = iteration.id
        self._current = number
        self._gather(iteration.id)
        if left and not self._rolls_at_midnight:
            crew.act(now + 9 * HOUR, crew.lead, self._move_on, iteration, left)
        for person in crew.members:
            if person not in crew.busy:
                crew.act(now + self._random.randrange(9 * HOUR, 14 * HOUR), person, self._flow.look_for_work)
        end = now + iteration.duration * DAY
        self._scope.plan(_Box(self._world, self._project, number), now + 10 * HOUR, end)
        if number + 1 < len(self._project.iterations):
            crew.act(self._last_afternoon(number + 1), crew.lead, self._fill, number + 1)

    def _move_on(self, now: int, _person: str, iteration: Iteration, left: list[GithubIssue]) -> None:
        for place, issue in enumerate(left):
            if issue.state == "OPEN" and issue.node_id in self._world.github.items:
                self._world.github.set_iteration(issue, now + place * 8 * SECOND, iteration.id)
        self._gather(iteration.id)
        self._flow.wake(now)

    def _gather(self, iteration_id: str) -> None:
        issues = self._world.github.iterations.issues_in(self._project, iteration_id)
        works = [self._world.works[issue.node_id] for issue in issues]
        self._crew.todo = [work for work in works if work.stage == "planned"]

    def _more_work(self, now: int, _person: str) -> Work | None:
        """Nothing is left to do and time remains: perhaps take more into the iteration."""
        crew, number = self._crew, self._current
        is_late = number is None or now > self._start_of(number + 1) - 3 * DAY
        work = next((each for each in crew.backlog if not each.is_blocked), None)
        if number is None or is_late or work is None or self._random.random() > _PULLS_MORE:
            return None
        crew.backlog.remove(work)
        work.stage = "planned"
        self._world.github.set_iteration(_github(work), now, self._project.iterations[number].id)
        return work

    def _open_issues(self, number: int) -> list[GithubIssue]:
        issues = self._world.github.iterations.issues_in(self._project, self._project.iterations[number].id)
        return [issue for issue in issues if issue.state == "OPEN"]

    def _weight(self, issue: GithubIssue) -> float:
        estimate = self._world.github.items[issue.node_id][1].estimate
        return _GUESS_WITHOUT_ESTIMATE if estimate is None else estimate


class _Box:
    """An iteration under way, for changes of its scope."""

    def __init__(self, world: World, project: GithubProject, number: int) -> None:
        self._world, self._project, self._number = world, project, number

    def bring_in(self, work: Work, at: int, person: str) -> None:
        del person
        self._world.github.set_iteration(_github(work), at, self._project.iterations[self._number].id)

    def take_out(self, work: Work, at: int, person: str, *, to_next: bool) -> None:
        del person
        following = self._project.iterations[self._number + 1 : self._number + 2]
        self._world.github.set_iteration(_github(work), at, following[0].id if to_next and following else None)

    def is_over(self) -> bool:
        return False


def _github(work: Work) -> GithubIssue:
    assert isinstance(work.issue, GithubIssue)
    return work.issue

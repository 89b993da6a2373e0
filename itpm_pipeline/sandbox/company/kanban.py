"""A team without time-boxes: work arrives, is selected when there is room, and flows."""

from itpm_pipeline.sandbox.company.crew import Crew
from itpm_pipeline.sandbox.company.flow import Flow
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, MINUTE, SECOND
from itpm_pipeline.sandbox.company.jira_desk import JiraDesk
from itpm_pipeline.sandbox.company.model import JiraIssue
from itpm_pipeline.sandbox.company.refinement import Refinement
from itpm_pipeline.sandbox.company.world import World

_INCIDENTS = 0.25
"""Share of incidents in what arrives at a team that handles them."""


class KanbanCadence:
    """Arrivals and selection of one team."""

    def __init__(self, world: World, crew: Crew, refinement: Refinement) -> None:
        self._world, self._crew, self._refinement = world, crew, refinement
        self._flow = Flow(crew)
        self._random = crew.random
        self._handles_incidents = "OPS" in crew.plan.projects
        mean_points = sum(crew.plan.scale) / len(crew.plan.scale)
        self._points_per_issue = mean_points

    def begin(self) -> None:
        """Fill the backlog, then let work arrive."""
        first = max(self._world.begin + DAY, self._world.agenda.end - self._crew.plan.weeks * 7 * DAY)
        self._crew.lifetime = (first, self._world.agenda.end)
        self._crew.act(first, self._crew.lead, self._prepare)

    def _prepare(self, now: int, person: str) -> None:
        self._refinement.refill(now, person)
        self._crew.idle = dict.fromkeys(self._crew.members)
        self._select(now + 10 * MINUTE, person)
        self._crew.act(now + DAY, person, self._arrive)

    def _arrive(self, now: int, person: str) -> None:
        """Something new, about as often as the team can finish something."""
        crew, random = self._crew, self._random
        is_incident = self._handles_incidents and random.random() < _INCIDENTS
        work = self._refinement.create(now, person, kind="incident" if is_incident else None)
        crew.backlog.insert(0 if is_incident else len(crew.backlog), work)
        if len(crew.backlog) > crew.plan.backlog + 4:
            old = crew.backlog.pop(random.randrange(1, len(crew.backlog) - 1))
            crew.desk.cancel(old, now + 3 * MINUTE, person)
        self._select(now + 4 * MINUTE, person)
        rate = crew.velocity(now) / self._points_per_issue
        crew.act(now + round(random.expovariate(1 / (14 * DAY / rate))) + 20 * MINUTE, crew.other_than(person),
                 self._arrive)

    def _select(self, now: int, person: str) -> None:
        """Move the next issues to Selected while there is room for them."""
        crew, at = self._crew, now
        desk = crew.desk
        assert isinstance(desk, JiraDesk)
        while crew.backlog and len(crew.todo) < crew.plan.slots:
            work = crew.backlog.pop(0)
            work.stage = "planned"
            assert isinstance(work.issue, JiraIssue)
            if desk.path.selected:
                self._world.jira.change(work.issue, at, person, status_id=desk.path.selected)
            crew.todo.append(work)
            at += 30 * SECOND
        self._flow.wake(now + HOUR // 4)

"""Dependencies that end in trouble: a circle, a chain over three teams, blockers planned after what they block."""

from datetime import timedelta
from itertools import pairwise

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.dependencies import Dependencies
from itpm_pipeline.sandbox.company.hours import MINUTE, SECOND, local_date
from itpm_pipeline.sandbox.company.model import JiraIssue
from itpm_pipeline.sandbox.company.world import World


class Entanglements:
    """Books such constellations between issues that are open now."""

    def __init__(self, world: World, dependencies: Dependencies) -> None:
        self._world, self._dependencies = world, dependencies

    def circle(self, now: int, person: str, crews: list[Crew]) -> None:
        """One issue of each team waits for the next: the only circle of the company."""
        works = [self._untouched(crew) for crew in crews]
        chosen = [work for work in works if work]
        if len(chosen) < 2:
            return
        for number, work in enumerate(chosen):
            work.crew.backlog.remove(work)
            source, target = _jira(work), _jira(chosen[(number + 1) % len(chosen)])
            self._world.jira.link(now + number * 40 * SECOND, person, "Blocks", source, target)
            target_work = chosen[(number + 1) % len(chosen)]
            target_work.blockers.append(work)
            work.blocking.append(target_work)

    def _untouched(self, crew: Crew) -> Work | None:
        works = [
            work for work in crew.backlog
            if not work.blockers and not work.blocking and isinstance(work.issue, JiraIssue)
        ]
        return works[-1] if works else None

    def chain(self, now: int, person: str, crews: list[Crew]) -> None:
        """The last team waits for the one before, and so on; the first may be in the other tracker."""
        works = [crew.backlog[number] for number, crew in enumerate(crews) if len(crew.backlog) > number]
        for number, (blocker, blocked) in enumerate(pairwise(works)):
            self._dependencies.link(blocker, blocked, now + number * MINUTE, person)

    def conflict(self, now: int, person: str, waiting: Crew, delivering: Crew, active: int, future: int) -> None:
        """The blocker is planned for the sprint after the one in which the blocked issue is wanted."""
        blocked = next((work for work in waiting.todo if isinstance(work.issue, JiraIssue)), None)
        if blocked is None and waiting.backlog:
            blocked = waiting.backlog.pop(0)
            blocked.stage = "planned"
            self._world.jira.put_into_sprint(_jira(blocked), now, person, active)
            waiting.todo.append(blocked)
        blocker = next((
            work for work in delivering.backlog if blocked and self._dependencies.may_wait(work, blocked)
        ), None)
        if blocked is None or blocker is None:
            return
        delivering.backlog.remove(blocker)
        blocker.stage = "planned"
        self._world.jira.put_into_sprint(_jira(blocker), now + 30 * SECOND, person, future)
        self._dependencies.link(blocker, blocked, now + MINUTE, person)
        today = local_date(now, waiting.plan.zones[0])
        self._world.jira.change(_jira(blocker), now + 2 * MINUTE, person, due_date=today + timedelta(days=20))
        self._world.jira.change(_jira(blocked), now + 2 * MINUTE, person, due_date=today + timedelta(days=9))


def _jira(work: Work) -> JiraIssue:
    assert isinstance(work.issue, JiraIssue)
    return work.issue

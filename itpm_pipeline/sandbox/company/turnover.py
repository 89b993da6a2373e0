"""People who leave: their work is handed over, their accounts are closed."""

from itpm_pipeline.sandbox.company.crew import Crew
from itpm_pipeline.sandbox.company.hours import DAY, SECOND
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.company.world import World


class Turnover:
    """Lets people leave and hires others in their place."""

    def __init__(self, world: World) -> None:
        self._world = world

    def plan_leave(self, crew: Crew, at: int, place: int) -> None:
        """The member at ``place`` leaves at about ``at``."""
        if at < crew.lifetime[0] + 10 * DAY:
            return
        person = crew.members[place]
        crew.act(at, crew.lead, self._leave, crew, person)

    def _leave(self, now: int, lead: str, crew: Crew, person: str) -> None:
        zone = self._world.staff.zones[person]
        successor = self._world.staff.hire(zone)
        crew.members[crew.members.index(person)] = successor
        crew.successors[person] = successor
        team = next(team for team in self._world.company.teams if team.key == crew.plan.key)
        team.members = list(crew.members)
        at = now
        for work in [each for each in self._world.works.values() if each.crew is crew and each.worker == person]:
            work.worker = successor
            if work.is_open:
                crew.desk.hand_over(work, at, lead, successor)
                at += 10 * SECOND
        if crew.backlog:
            crew.desk.hand_over(crew.backlog.pop(), at, lead, person)
        if person in crew.busy:
            crew.busy.discard(person)
            crew.busy.add(successor)
        crew.idle.pop(person, None)
        crew.act(now + DAY, successor, self._first_day, crew)
        self._world.company.people[person].is_active = False

    def _first_day(self, now: int, person: str, crew: Crew) -> None:
        crew.idle[person] = None
        del now

    def finish(self) -> None:
        """GitHub shows deleted accounts as nobody, and takes their assignments away."""
        gone = {person.key for person in self._world.company.people.values() if not person.is_active}
        _forget_on_github(self._world.company, gone)


def _forget_on_github(company: Company, gone: set[str]) -> None:
    for repo in company.repositories.values():
        for issue in repo.issues:
            issue.author = None if issue.author in gone else issue.author
            issue.assignees = [person for person in issue.assignees if person not in gone]
            for event in issue.timeline:
                event.actor = None if event.actor in gone else event.actor
                if event.data.get("assignee") in gone:
                    event.data["assignee"] = None
        for pull in repo.pull_requests:
            pull.author = None if pull.author in gone else pull.author
            pull.first_reviewer = None if pull.first_reviewer in gone else pull.first_reviewer

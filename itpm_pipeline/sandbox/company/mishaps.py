"""What goes differently in Jira: issues that move, vanish, are split, fought over, or swallow weeks of work."""

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.dependencies import Dependencies
from itpm_pipeline.sandbox.company.hours import HOUR, MINUTE, SECOND
from itpm_pipeline.sandbox.company.jira_desk import PATHS, JiraDesk
from itpm_pipeline.sandbox.company.model import GithubIssue, JiraIssue
from itpm_pipeline.sandbox.company.people import AUTOMATION
from itpm_pipeline.sandbox.company.world import World, work_id

_CONTESTED_ENTRIES = 125
_MARATHON_LOGS = 26


class Mishaps:
    """Books such things when asked to; each finds a fitting issue itself, or lets it be."""

    def __init__(self, world: World, dependencies: Dependencies) -> None:
        self._world, self._dependencies = world, dependencies
        self._random = world.stream("mishaps")
        self._contested: set[str] = set()

    def move(self, now: int, person: str, source: Crew, target: Crew) -> None:
        """An issue of the backlog moves to the project of another team."""
        works = [work for work in source.backlog if self._is_simple(work)]
        if not works or not target.plan.projects:
            return
        work = self._random.choice(works)
        issue = _jira(work)
        source.backlog.remove(work)
        self._world.jira.move(issue, now, person, target.plan.projects[0])
        first = PATHS[target.plan.workflow].new
        self._world.jira.change(issue, now + 20 * SECOND, person, status_id=first)
        work.crew = target
        target.backlog.insert(0, work)

    def _is_simple(self, work: Work) -> bool:
        desk = work.crew.desk
        return isinstance(work.issue, JiraIssue) and isinstance(desk, JiraDesk) and not desk.subtasks_of(work.issue)

    def delete_planned(self, now: int, person: str, crew: Crew) -> None:
        """Somebody deletes an issue that nobody has begun, preferably one that texts mention."""
        works = [work for work in (*crew.todo, *crew.backlog) if self._may_go(work)]
        if works:
            self._delete(now, person, max(works, key=self._dependencies.mentions))

    def delete_done(self, now: int, person: str, crew: Crew) -> None:
        """Somebody deletes an issue that was finished in a sprint long closed."""
        works = [
            work for work in self._world.works.values()
            if work.crew is crew and work.stage == "done" and self._was_planned(work) and self._may_go(work)
        ]
        if works:
            self._delete(now, person, self._random.choice(works[: max(1, len(works) // 2)]))

    def _may_go(self, work: Work) -> bool:
        return work_id(work) not in self._contested

    def _was_planned(self, work: Work) -> bool:
        issue = work.issue
        if isinstance(issue, JiraIssue):
            return bool(issue.sprint_ids) and self._world.jira.sprint_of(issue) is None
        return issue.node_id in self._world.github.items

    def _delete(self, now: int, person: str, work: Work) -> None:
        crew, issue = work.crew, work.issue
        for works in (crew.todo, crew.backlog):
            if work in works:
                works.remove(work)
        work.stage = "gone"
        self._dependencies.forget(work)
        if isinstance(issue, GithubIssue):
            for pull in self._world.company.repositories[issue.repo].pull_requests:
                if issue.node_id in pull.closes:
                    pull.closes.remove(issue.node_id)
            self._world.github.delete(issue, now)
            return
        assert isinstance(crew.desk, JiraDesk)
        for task in crew.desk.subtasks_of(issue):
            self._world.jira.delete(task, now, person)
        self._world.jira.delete(issue, now + SECOND, person)

    def split(self, now: int, person: str, crew: Crew) -> None:
        """An issue under work turns out too large: the rest becomes an issue of its own."""
        scale = crew.plan.scale
        for work in crew.doing:
            points = crew.desk.points(work)
            if points is None or points < 3 or not isinstance(crew.desk, JiraDesk):
                continue
            issue = _jira(work)
            smaller = max(value for value in scale if value < points)
            project = self._world.company.jira_projects[issue.project_id]
            rest = self._world.jira.create(
                now, person, project.key, issue.type, f"{issue.summary} (part 2)"[:255], crew.desk.path.new,
                points=min(scale, key=lambda value: abs(value - (points - smaller))), labels=list(issue.labels),
                priority=issue.priority,
            )
            other = Work(rest, crew, max(0.5, work.size / 2))
            self._world.works[work_id(other)] = other
            crew.backlog.insert(0, other)
            self._world.jira.link(now + 30 * SECOND, person, "Cloners", rest, issue)
            crew.desk.estimate(work, now + MINUTE, person, smaller)
            return

    def contest(self, now: int, person: str, crew: Crew, entries: int = _CONTESTED_ENTRIES) -> None:
        """People fight over the place, the labels and the priority of one issue for months."""
        works = [work for work in (*crew.todo, *crew.doing, *crew.backlog) if work_id(work) not in self._contested]
        if not works:
            return
        work = works[0]
        self._contested.add(work_id(work))
        at = now
        for number in range(entries):
            at += self._random.randrange(HOUR, 14 * HOUR)
            crew.act(at, person if number % 3 else crew.other_than(person), self._fight, work, number)

    def _fight(self, now: int, person: str, work: Work, number: int) -> None:
        issue = work.issue
        if issue.deleted_at is not None:
            return
        if isinstance(issue, GithubIssue):
            self._fight_on_github(now, person, issue, number)
        elif number % 9 == 4:
            self._world.jira.change(issue, now, person, labels=_toggled(issue.labels, "must-have"))
        elif number % 13 == 6:
            self._world.jira.change(issue, now, person, priority="High" if issue.priority != "High" else "Low")
        elif number % 31 == 7:
            self._world.jira.change(issue, now, person, description=f"{issue.description}\n\nRevision {number}.")
        else:
            self._world.jira.rank(issue, now, person, is_higher=number % 2 == 0)

    def _fight_on_github(self, now: int, person: str, issue: GithubIssue, number: int) -> None:
        ledger = self._world.github
        if number % 17 == 5:
            ledger.rename(issue, now, person, f"{issue.title.removesuffix(' (v2)')[:240]}{' (v2)' * (number % 2)}")
        elif number % 11 == 3:
            ledger.retype(issue, now, person, "Task" if issue.issue_type != "Task" else "Feature")
        elif number % 5 == 2:
            ledger.event(issue, now, person, "MentionedEvent" if number % 2 else "SubscribedEvent")
        elif "must-have" in issue.labels:
            ledger.unlabel(issue, now, person, "must-have")
        else:
            ledger.label(issue, now, person, "must-have")

    def automate(self, now: int, _person: str, crew: Crew, entries: int) -> None:
        """A badly written automation touches one issue all day and night."""
        if not crew.backlog:
            return
        issue = _jira(crew.backlog[-1])
        step = (self._world.agenda.end - now) // (entries + 1)
        for number in range(entries):
            self._world.agenda.plan(now + number * step, self._touch, issue, number)

    def _touch(self, now: int, issue: JiraIssue, number: int) -> None:
        if issue.deleted_at is None:
            self._world.jira.rank(issue, now, AUTOMATION, is_higher=number % 2 == 0)

    def marathon(self, now: int, person: str, crew: Crew) -> None:
        """One issue takes a little time every day for weeks."""
        works = crew.doing or crew.todo
        if not works:
            return
        work, day = works[0], now
        for _ in range(_MARATHON_LOGS):
            day = crew.hours_of(person).after(day, 8 * HOUR)
            crew.act(day, person, self._log, work)

    def _log(self, now: int, person: str, work: Work) -> None:
        if work.stage != "gone":
            self._world.jira.log_work(_jira(work), now, person, 45 * 60, "support call, =SUM(A1:A9)")

    def reparent(self, now: int, person: str, crew: Crew) -> None:
        """An issue belongs to another epic after all."""
        desk = crew.desk
        assert isinstance(desk, JiraDesk)
        for work in crew.backlog:
            issue = _jira(work)
            epics = [key for key in sorted(desk.epics_of(issue.project_id)) if key != issue.parent_id]
            if issue.parent_id and epics:
                epic = self._world.company.jira_issues[epics[-1]]
                self._world.jira.set_parent(issue, now, person, epic.id)
                desk.adopt(epic, issue)
                return

    def get_stuck(self, now: int, person: str, crew: Crew) -> None:
        """Somebody flags what is under work, and nobody resolves it."""
        for work in crew.doing[:1]:
            crew.desk.flag(work, now, person, is_on=True)

    def cancel_before_start(self, now: int, person: str, crew: Crew, sprint_id: int) -> None:
        """An issue planned for the next sprint is cancelled but left in it; it was never estimated."""
        works = [work for work in crew.backlog if not work.reopened and not work.blocking]
        if works:
            work = works[0]
            crew.backlog.remove(work)
            crew.desk.estimate(work, now, person, None)
            self._world.jira.put_into_sprint(_jira(work), now + 30 * SECOND, person, sprint_id)
            crew.desk.cancel(work, now + 20 * MINUTE, person)



def _toggled(labels: list[str], label: str) -> list[str]:
    return [each for each in labels if each != label] if label in labels else [*labels, label]


def _jira(work: Work) -> JiraIssue:
    assert isinstance(work.issue, JiraIssue)
    return work.issue

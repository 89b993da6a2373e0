"""How a team that plans in Jira books its work there."""

from collections.abc import Sequence
from dataclasses import dataclass

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.delivery import Delivery
from itpm_pipeline.sandbox.company.hours import HOUR, MINUTE, SECOND, local_date
from itpm_pipeline.sandbox.company.model import JiraIssue
from itpm_pipeline.sandbox.company.world import World


@dataclass(frozen=True, slots=True)
class Path:
    """Status ids of a workflow; ``test`` and ``released`` where there are such steps, ``review`` null: none."""

    new: str
    doing: str
    review: str | None
    done: str
    test: str | None = None
    released: str | None = None
    selected: str | None = None
    cancelled: str | None = "7"


PATHS: dict[str, Path] = {
    "review": Path("1", "2", "3", "5"),
    "test": Path("1", "2", "3", "5", test="4"),
    "release": Path("1", "2", "3", "5", released="6"),
    "kanban": Path("8", "2", "3", "5", selected="9"),
    "team_managed": Path("10101", "10102", None, "10103", cancelled=None),
}
_WITH_PULL = 0.7
_LOGS_WORK = 0.6


class JiraDesk:
    """Books the work of one team in Jira."""

    def __init__(self, world: World, delivery: Delivery, crew: Crew) -> None:
        self._world, self._delivery, self._crew = world, delivery, crew
        self._ledger = world.jira
        self._random = crew.random
        self.path = PATHS[crew.plan.workflow]
        self._subtasks: dict[str, list[JiraIssue]] = {}
        self._children: dict[str, list[JiraIssue]] = {}
        self.open_epics: set[str] = set()
        """Epics that may still get children."""

    def start(self, work: Work, at: int, person: str) -> None:
        """Assign, then move to in progress."""
        issue = _jira(work)
        self._ledger.change(issue, at, person, assignee=person)
        self._ledger.change(issue, at + self._random.randrange(5 * SECOND, 60 * SECOND), person,
                            status_id=self.path.doing)
        epic = self._epic(issue)
        if epic and epic.status_id == self._epic_path(epic).new:
            self._ledger.change(epic, at + 90 * SECOND, person, status_id=self._epic_path(epic).doing,
                                start_date=local_date(at, self._crew.plan.zones[0]))
        if issue.id not in self._subtasks and self._random.random() < self._crew.plan.subtasks:
            self._split_into_subtasks(work, at + 2 * MINUTE, person)

    def work_on(self, work: Work, begin: int, end: int, person: str) -> None:
        """Log work day by day, finish sub-tasks, open a pull request."""
        crew, hours = self._crew, self._crew.hours_of(person)
        subtasks = [task for task in self.subtasks_of(_jira(work)) if task.resolution is None]
        for number, task in enumerate(subtasks):
            span = (end - begin) // len(subtasks)
            crew.act(begin + number * span + 10 * MINUTE, person, self._begin_subtask, task)
            crew.act(begin + (number + 1) * span - 20 * MINUTE, person, self._end_subtask, task)
        if crew.plan.worklogs and self._random.random() < _LOGS_WORK:
            day = begin
            while (day := hours.after(day, 8 * HOUR)) < end:
                crew.act(day, person, self._log_work, work, self._random.randrange(1, 7) * 3600)
            crew.act(end - 10 * MINUTE, person, self._log_work, work, self._random.randrange(1, 4) * 3600)
        if crew.plan.code and self._random.random() < _WITH_PULL:
            opened = begin + round((end - begin) * self._random.uniform(0.5, 0.95))
            crew.act(opened, person, self._open_pull, work)

    def submit(self, work: Work, at: int, person: str) -> None:
        """Move to review, later perhaps to test."""
        if self.path.review:
            self._ledger.change(_jira(work), at, person, status_id=self.path.review)
        if self.path.test:
            later = at + self._random.randrange(30 * MINUTE, 8 * HOUR)
            self._crew.act(later, self._crew.other_than(person), self._test, work)

    def _test(self, now: int, person: str, work: Work) -> None:
        if work.stage == "review":
            self._ledger.change(_jira(work), now, person, status_id=self.path.test)

    def send_back(self, work: Work, at: int, person: str) -> None:
        """Review found something."""
        self._delivery.review(work, at, person)
        self._ledger.change(_jira(work), at, person, status_id=self.path.doing)
        self._ledger.comment(_jira(work), at + 40 * SECOND)

    def finish(self, work: Work, at: int, person: str, resolution: str = "Done") -> None:
        """Resolve; the pull request is merged just before, the epic perhaps completed just after."""
        issue = _jira(work)
        if work.pull and work.pull.closed_at is None:
            self._delivery.review(work, at - 5 * MINUTE, person)
            self._delivery.merge(work.pull, at)
        for task in self._subtasks.get(issue.id, ()):
            self._end_subtask(at, person, task)
        self._ledger.change(issue, at + 30 * SECOND, person, status_id=self.path.done, resolution=resolution,
                            remaining_seconds=0 if issue.remaining_seconds else issue.remaining_seconds)
        if resolution == "Duplicate" and self._crew.backlog:
            original = _jira(self._random.choice(self._crew.backlog))
            self._ledger.link(at + MINUTE, person, "Duplicate", issue, original)
        self.settle_epic(issue, at + 2 * MINUTE, person)

    def release(self, work: Work, at: int, person: str) -> None:
        """Done work reaches the customers."""
        if work.stage == "done" and _jira(work).status_id == self.path.done:
            self._ledger.change(_jira(work), at, person, status_id=self.path.released)

    def cancel(self, work: Work, at: int, person: str) -> None:
        """Decide not to do it."""
        work.stage = "gone"
        issue = _jira(work)
        self._ledger.change(issue, at, person, status_id=self.path.cancelled or self.path.done, resolution="Won't Do")
        self.settle_epic(issue, at + 60 * SECOND, person)

    def reopen(self, work: Work, at: int, person: str) -> None:
        """Open again; into the backlog unless its sprint is still under way."""
        issue = _jira(work)
        self._ledger.change(issue, at, person, status_id=self.path.selected or self.path.new, resolution=None)
        self._ledger.comment(issue, at + 50 * SECOND)
        epic = self._epic(issue)
        if epic and epic.resolution:
            self._ledger.change(epic, at + 90 * SECOND, person, status_id=self._epic_path(epic).doing, resolution=None)
        sprint = self._ledger.sprint_of(issue)
        is_active = sprint is not None and self._world.company.sprints[sprint].state == "active"
        if self._crew.plan.cadence == "scrum" and not is_active:
            work.stage = "planned" if sprint is not None else "backlog"

    def flag(self, work: Work, at: int, person: str, *, is_on: bool) -> None:
        """Set or remove the impediment flag."""
        self._ledger.change(_jira(work), at, person, is_flagged=is_on)

    def comment(self, work: Work, at: int) -> None:
        """Somebody comments."""
        self._ledger.comment(_jira(work), at)

    def estimate(self, work: Work, at: int, person: str, points: float | None) -> None:
        """Set the story points."""
        self._ledger.change(_jira(work), at, person, points=points)

    def points(self, work: Work) -> float | None:
        """The story points now."""
        return _jira(work).points

    def hand_over(self, work: Work, at: int, actor: str, person: str) -> None:
        """Assign to somebody else."""
        self._ledger.change(_jira(work), at, actor, assignee=person)

    # --- Epics and sub-tasks

    def adopt(self, epic: JiraIssue, child: JiraIssue) -> None:
        """Remember a child of an epic."""
        self._children.setdefault(epic.id, []).append(child)

    def epics_of(self, project_id: str) -> Sequence[str]:
        """Ids of the team's unresolved epics in a project."""
        issues = self._world.company.jira_issues
        return [key for key in self._children if issues[key].project_id == project_id and not issues[key].resolution]

    def settle_epic(self, child: JiraIssue, at: int, person: str) -> None:
        """Resolve the epic when all is done that ever belongs to it."""
        epic = self._epic(child)
        if epic is None or epic.id in self.open_epics or epic.resolution or epic.deleted_at:
            return
        if all(issue.resolution or issue.deleted_at or issue.parent_id != epic.id for issue in self._children[epic.id]):
            self._ledger.change(epic, at, person, status_id=self._epic_path(epic).done, resolution="Done")

    def _epic(self, issue: JiraIssue) -> JiraIssue | None:
        epic = self._world.company.jira_issues[issue.parent_id] if issue.parent_id else None
        return epic if epic and epic.id in self._children else None

    def _epic_path(self, epic: JiraIssue) -> Path:
        return PATHS["team_managed" if self._world.company.jira_projects[epic.project_id].team_managed else "review"]

    def _split_into_subtasks(self, work: Work, at: int, person: str) -> None:
        issue = _jira(work)
        project = self._world.company.jira_projects[issue.project_id]
        tasks = self._subtasks.setdefault(issue.id, [])
        for number, step in enumerate(self._random.sample(_STEPS, self._random.choice((2, 2, 3)))):
            tasks.append(self._ledger.create(
                at + number * 15 * SECOND, person, project.key, "Subtask" if project.team_managed else "Sub-task", step,
                self.path.new, parent_id=issue.id, assignee=person, original_seconds=4 * 3600,
                remaining_seconds=4 * 3600, points=1.0 if self._random.random() < 0.3 else None,
            ))

    def subtasks_of(self, issue: JiraIssue) -> Sequence[JiraIssue]:
        """Sub-tasks of an issue."""
        return self._subtasks.get(issue.id, ())

    def _begin_subtask(self, now: int, person: str, task: JiraIssue) -> None:
        if task.deleted_at is None and task.resolution is None:
            self._ledger.change(task, now, person, status_id=self.path.doing)

    def _end_subtask(self, now: int, person: str, task: JiraIssue) -> None:
        if task.deleted_at is None and task.resolution is None:
            self._ledger.change(task, now, person, status_id=self.path.done, resolution="Done", remaining_seconds=0)

    def _log_work(self, now: int, person: str, work: Work, seconds: int) -> None:
        if work.stage != "gone":
            self._ledger.log_work(_jira(work), now, person, seconds)

    def _open_pull(self, now: int, person: str, work: Work) -> None:
        if work.stage == "doing" and self._crew.plan.code:
            self._delivery.open_pull(work, now, person, self._crew.plan.code)


_STEPS = ("Write tests", "Change the schema", "Update the interface", "Adapt the documentation", "Try it on staging")


def _jira(work: Work) -> JiraIssue:
    assert isinstance(work.issue, JiraIssue)
    return work.issue

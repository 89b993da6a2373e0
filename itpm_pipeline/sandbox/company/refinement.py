"""Where work comes from: teams fill their backlogs with epics, stories, tasks and bugs."""

from datetime import date

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.dependencies import Dependencies
from itpm_pipeline.sandbox.company.github_desk import GithubDesk
from itpm_pipeline.sandbox.company.hours import DAY, MINUTE, SECOND, local_date, local_instant
from itpm_pipeline.sandbox.company.jira_desk import JiraDesk
from itpm_pipeline.sandbox.company.model import GithubIssue, GithubProject, JiraIssue, Repository
from itpm_pipeline.sandbox.company.releases import Releases
from itpm_pipeline.sandbox.company.texts import HOSTILE_LABELS, HOSTILE_TITLES, Writer
from itpm_pipeline.sandbox.company.world import World, work_id

_CHILDREN_OF_EPIC = (5, 9)
_WITH_EPIC, _WITH_DUE_DATE, _WITH_RELEASE, _WITH_PHRASE = 0.7, 0.15, 0.6, 0.35
_SLIPS = 0.65
"""Chance that a date that has come is moved on; else the issue stays overdue."""
_PRIORITIES = ("Highest", "High", "Medium", "Medium", "Medium", "Medium", "Low", "Low", "Lowest")
_LABELS = ("backend", "frontend", "quick-win", "tech-debt", "customer", "security", "ux")


class Refinement:
    """Creates the work of one team."""

    def __init__(
        self, world: World, crew: Crew, dependencies: Dependencies, releases: Releases, board: GithubProject | None
    ) -> None:
        self._world, self._crew, self._dependencies, self._releases = world, crew, dependencies, releases
        self._board = board
        self._random = crew.random
        self._writer = Writer(crew.random)
        self._epics = 0
        self._epic: JiraIssue | GithubIssue | None = None
        self._places_left = 0
        self._created = 0

    def refill(self, now: int, person: str) -> None:
        """Refine until the backlog is long enough."""
        at = now
        while len(self._crew.backlog) < self._crew.plan.backlog:
            self._crew.backlog.append(self.create(at, person))
            at += self._random.randrange(20 * SECOND, 90 * SECOND)

    def create(self, at: int, person: str, *, kind: str | None = None) -> Work:
        """A new issue of the team; ``kind`` is story, bug or incident. It is in no list yet."""
        random, plan = self._random, self._crew.plan
        kind = kind or ("bug" if random.random() < plan.bugs else "story")
        self._created += 1
        size = self._crew.size()
        points = None if random.random() < plan.unestimated else self._crew.nearest_estimate(size)
        text, blocker = self._writer.description(), None
        if random.random() < plan.dependent * _WITH_PHRASE:
            blocker = self._dependencies.candidate(self._crew)
        create = self._create_in_jira if isinstance(self._crew.desk, JiraDesk) else self._create_on_github
        work = create(at, person, kind, size, points)
        self._describe(work, text, blocker, at, person)
        self._world.works[work_id(work)] = work
        self._dependencies.consider(work, at)
        return work

    def _title(self, kind: str) -> str:
        if self._created % 17 == 5 and self._created // 17 < len(HOSTILE_TITLES):
            return HOSTILE_TITLES[(self._created // 17 + len(self._crew.plan.key)) % len(HOSTILE_TITLES)]
        return {"story": self._writer.story, "bug": self._writer.bug, "incident": self._writer.incident}[kind]()

    def _describe(self, work: Work, text: str, blocker: Work | None, at: int, person: str) -> None:
        """Write the description, perhaps with a sentence that it waits for something."""
        waits = blocker is not None and self._dependencies.may_wait(blocker, work)
        if blocker and waits:
            text = f"{text}\n\n{self._dependencies.phrase(blocker, work)}"
        if isinstance(work.issue, JiraIssue):
            work.issue.description = text
            return
        work.issue.body = text
        if blocker and waits and isinstance(blocker.issue, GithubIssue):
            self._world.github.event(blocker.issue, at, person, "CrossReferencedEvent",
                                     source=work.issue.node_id, willCloseTarget=False)

    # --- Jira

    def _create_in_jira(self, at: int, person: str, kind: str, size: float, points: float | None) -> Work:
        random, plan, desk = self._random, self._crew.plan, self._crew.desk
        assert isinstance(desk, JiraDesk)
        key = random.choice(plan.projects)
        components = self._world.jira.project(key).components
        type_ = {"bug": "Bug", "incident": "Incident"}.get(kind) or random.choice(("Story", "Story", "Task"))
        due = None
        if random.random() < _WITH_DUE_DATE:
            due = local_date(at + random.randrange(10, 70) * DAY, plan.zones[0])
        seconds = round(size * 4) * 3600 if plan.worklogs and random.random() < 0.5 else None
        at_once = plan.cadence == "scrum" and random.random() < 0.7
        issue = self._world.jira.create(
            at, person, key, type_, self._title(kind), desk.path.new, labels=self._labels(),
            components=[random.choice(components)] if components and random.random() < 0.6 else [],
            points=points if at_once else None, due_date=due, original_seconds=seconds, remaining_seconds=seconds,
            priority="Highest" if kind == "incident" else random.choice(_PRIORITIES),
        )
        work = Work(issue, self._crew, size)
        if kind == "story" and random.random() < _WITH_EPIC:
            self._place_in_epic(issue, desk, at + 20 * SECOND, person)
        if plan.cadence == "scrum" and not at_once and points is not None:
            self._crew.act(at + random.randrange(MINUTE, 4 * DAY), person, self._estimate, work, points)
        if due:
            self._plan_review(issue, due, person)
        if random.random() < _WITH_RELEASE:
            self._releases.plan_for_next(issue, at + 30 * SECOND, person)
        return work

    def _labels(self) -> list[str]:
        labels = [self._crew.plan.label] if self._crew.plan.label else []
        if self._random.random() < 0.4:
            labels.append(self._random.choice(_LABELS))
        if self._created % 41 == 11:
            labels.append(HOSTILE_LABELS[self._created // 41 % len(HOSTILE_LABELS)].replace(" ", "_"))
        return labels

    def _plan_review(self, issue: JiraIssue, due: date, person: str) -> None:
        self._crew.act(local_instant(due, 16, self._crew.plan.zones[0]), person, self._review_due_date, issue)

    def _review_due_date(self, now: int, person: str, issue: JiraIssue) -> None:
        """The day has come: what is not done slips, again and again, or stays overdue."""
        if issue.resolution is None and issue.deleted_at is None and self._random.random() < _SLIPS:
            due = local_date(now + self._random.randrange(4, 25) * DAY, self._crew.plan.zones[0])
            self._world.jira.change(issue, now, person, due_date=due)
            self._plan_review(issue, due, person)

    def _place_in_epic(self, issue: JiraIssue, desk: JiraDesk, at: int, person: str) -> None:
        epic = self._epic
        if not isinstance(epic, JiraIssue) or self._places_left == 0:
            if isinstance(epic, JiraIssue):
                desk.open_epics.discard(epic.id)
            epic = self._new_epic(at, person)
            desk.open_epics.add(epic.id)
        if epic.project_id == issue.project_id:
            self._places_left -= 1
            self._world.jira.set_parent(issue, at + SECOND, person, epic.id)
            desk.adopt(epic, issue)

    def _new_epic(self, at: int, person: str) -> JiraIssue:
        random, plan = self._random, self._crew.plan
        key = plan.projects[self._epics % len(plan.projects)]
        begin = local_date(at, plan.zones[0])
        due = local_date(at + random.randrange(50, 140) * DAY, plan.zones[0])
        title = self._writer.epic(self._epics + len(plan.key))
        epic = self._world.jira.create(
            at, person, key, "Epic", title, "10101" if plan.workflow == "team_managed" else "1",
            description=self._writer.description(), start_date=begin, due_date=due,
            labels=[plan.label] if plan.label else [],
        )
        self._plan_review(epic, due, person)
        self._epic, self._epics, self._places_left = epic, self._epics + 1, random.randint(*_CHILDREN_OF_EPIC)
        return epic

    def _estimate(self, now: int, person: str, work: Work, points: float) -> None:
        if work.is_open and self._crew.desk.points(work) is None:
            self._crew.desk.estimate(work, now, person, points)

    # --- GitHub

    def _create_on_github(self, at: int, person: str, kind: str, size: float, points: float | None) -> Work:
        random, ledger, desk = self._random, self._world.github, self._crew.desk
        assert isinstance(desk, GithubDesk)
        assert self._board is not None
        repo = self._repository()
        type_ = "Bug" if kind == "bug" else random.choice(("Feature", "Feature", "Task"))
        issue = ledger.create(at, person, repo, self._title(kind), "", type_)
        if random.random() < 0.5:
            ledger.label(issue, at, person, "bug" if kind == "bug" else random.choice(_LABELS))
        if self._created % 23 == 7:
            ledger.label(issue, at, person, HOSTILE_LABELS[self._created // 23 % len(HOSTILE_LABELS)])
        ledger.add_to_project(issue, at + 3 * SECOND, person, self._board)
        if points is not None:
            ledger.set_estimate(issue, at + random.randrange(10, 50) * SECOND, points)
        if kind == "story" and random.random() < _WITH_EPIC:
            self._place_under_parent(issue, repo, desk, at + 8 * SECOND, person)
        if random.random() < _WITH_RELEASE:
            self._releases.milestone_next(issue, at + 12 * SECOND, person)
        return Work(issue, self._crew, size)

    def _repository(self) -> Repository:
        repos = self._crew.plan.repos
        name = repos[0] if self._random.random() < 0.75 else self._random.choice(repos)
        return self._world.company.repositories[name]

    def _place_under_parent(self, issue: GithubIssue, repo: Repository, desk: GithubDesk, at: int, person: str) -> None:
        ledger, parent = self._world.github, self._epic
        if not isinstance(parent, GithubIssue) or self._places_left == 0:
            if isinstance(parent, GithubIssue):
                desk.open_parents.discard(parent.node_id)
            title = self._writer.epic(self._epics + len(self._crew.plan.key))
            parent = ledger.create(at, person, repo, title, self._writer.description(), "Epic")
            if self._board is not None:
                ledger.add_to_project(parent, at + 2 * SECOND, person, self._board)
            desk.open_parents.add(parent.node_id)
            self._epic, self._epics = parent, self._epics + 1
            self._places_left = self._random.randint(*_CHILDREN_OF_EPIC)
        self._places_left -= 1
        ledger.add_sub_issue(parent, issue, at + 6 * SECOND, person)

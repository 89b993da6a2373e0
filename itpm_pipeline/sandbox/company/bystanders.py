"""Issues of no team: the archived and the unreadable project, risks, bug reports in repositories without a board."""

from collections.abc import Callable
from typing import Any

from itpm_pipeline.sandbox.company.crew import Crew
from itpm_pipeline.sandbox.company.delivery import Delivery
from itpm_pipeline.sandbox.company.github_ledger import IN_PROGRESS_LABEL
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, MINUTE, SECOND
from itpm_pipeline.sandbox.company.model import GithubIssue, JiraIssue, Repository
from itpm_pipeline.sandbox.company.texts import Writer
from itpm_pipeline.sandbox.company.world import World

_FENCED = "It printed:\n\n```\nBlocked by #1\n```\n\nand then stopped."
_QUOTED = "> Blocked by #1\n\nNo, that is solved."
_UNKNOWN_PROJECT = "Blocked by ABC-77 of the agency, we have no access."
_UNKNOWN_ISSUE = "Depends on PAY-99999, which nobody can find."
_MISLEADING_BODIES = (_FENCED, _QUOTED, _UNKNOWN_PROJECT, _UNKNOWN_ISSUE)


class Bystanders:
    """Reports, works on and closes such issues."""

    def __init__(self, world: World, delivery: Delivery) -> None:
        self._world = world
        self._random = world.stream("bystanders")
        self._writer = Writer(self._random)
        self._canonical: dict[str, GithubIssue] = {}
        delivery.when_production_fails = self._open_incident

    def begin(self) -> None:
        """Plan them all."""
        world, scale = self._world, self._world.plan.extras
        crews = list(world.crews.values())
        span = world.agenda.end - world.begin
        reported = (("LEG", 26, 0.02, 0.2), ("SEC", 14, 0.1, 0.95))
        for key, count, early, late in reported:
            for _ in range(max(2, round(count * scale))):
                at = world.begin + round(span * self._random.uniform(early, late))
                self._act(at, crews[0], self._report_in_jira, key, "Bug")
        for place in (0.3, 0.55, 0.8, 0.97):
            self._act(world.begin + round(span * place), crews[0], self._report_in_jira, "PAY", "Risk")
        for name, count, early, late in (
            ("checkout", 22, 0.05, 0.99), ("payments-gateway", 16, 0.1, 0.99), ("old-monolith", 14, 0.01, 0.3),
        ):
            for _ in range(max(3, round(count * scale))):
                at = world.begin + round(span * self._random.uniform(early, late))
                crew = self._random.choice(crews)
                self._act(at, crew, self._report_on_github, world.company.repositories[name], crew)

    def _act(self, at: int, crew: Crew, action: Callable[..., None], *arguments: Any) -> None:
        crew.act(at, self._random.choice(crew.members), action, *arguments)

    # --- Jira

    def _report_in_jira(self, now: int, person: str, key: str, type_: str) -> None:
        ledger, random = self._world.jira, self._random
        title = self._writer.bug() if type_ == "Bug" else f"Risk: {self._writer.story().lower()} takes too long"
        issue = ledger.create(now, person, key, type_, title, "1", description=self._writer.description(),
                              labels=["risk"] if type_ == "Risk" else [])
        crew = next(iter(self._world.crews.values()))
        started = now + random.randrange(HOUR, 20 * DAY)
        if type_ == "Risk":
            if random.random() < 0.4:
                crew.act(started + 30 * DAY, person, self._step, issue, "5", "Done")
            return
        crew.act(started, crew.other_than(person), self._step, issue, "2", None)
        if random.random() < 0.93:
            resolution = random.choice(("Done", "Done", "Done", "Won't Do", "Duplicate"))
            crew.act(started + random.randrange(HOUR, 9 * DAY), person, self._step, issue, "5", resolution)

    def _step(self, now: int, person: str, issue: JiraIssue, status: str, resolution: str | None) -> None:
        if resolution is None:
            self._world.jira.change(issue, now, person, assignee=person)
        self._world.jira.change(issue, now + 20 * SECOND, person, status_id=status, resolution=resolution)

    # --- GitHub

    def _report_on_github(self, now: int, person: str, repo: Repository, crew: Crew) -> None:
        ledger, random = self._world.github, self._random
        number = len(repo.issues)
        body = _MISLEADING_BODIES[number % 9] if number % 9 < len(_MISLEADING_BODIES) else self._writer.description()
        issue = ledger.create(now, person, repo, self._writer.bug(), body, "Bug" if random.random() < 0.6 else None)
        ledger.label(issue, now + 20 * SECOND, person, "bug")
        if random.random() < 0.2:
            ledger.event(issue, now + MINUTE, person, "MentionedEvent")
            ledger.event(issue, now + MINUTE, person, "SubscribedEvent")
        other = crew.other_than(person)
        chance, later = random.random(), now + random.randrange(3 * HOUR, 25 * DAY)
        earlier = self._canonical.get(repo.name)
        if chance < 0.12 and earlier:
            crew.act(later, other, self._close_duplicate, issue, earlier)
        elif chance < 0.25:
            crew.act(later, other, self._close, issue, "NOT_PLANNED", crew)
        elif chance < 0.85:
            crew.act(later, other, self._begin, issue)
            crew.act(later + random.randrange(4 * HOUR, 12 * DAY), other, self._close, issue, "COMPLETED", crew)
        elif chance < 0.93:
            crew.act(later, other, self._begin, issue)
        self._canonical[repo.name] = issue

    def _begin(self, now: int, person: str, issue: GithubIssue) -> None:
        self._world.github.assign(issue, now, person, person)
        if self._random.random() < 0.5:
            self._world.github.label(issue, now + 30 * SECOND, person, IN_PROGRESS_LABEL)

    def _close(self, now: int, person: str, issue: GithubIssue, reason: str, crew: Crew) -> None:
        ledger, random = self._world.github, self._random
        ledger.comment(issue, now)
        ledger.close(issue, now + 10 * SECOND, person, reason)
        if random.random() < 0.15:
            crew.act(now + random.randrange(HOUR, 5 * DAY), crew.lead, self._reopen, issue)

    def _reopen(self, now: int, person: str, issue: GithubIssue) -> None:
        self._world.github.reopen(issue, now, person)
        if self._random.random() < 0.3:
            self._world.github.event(issue, now + MINUTE, person, "PinnedEvent")

    def _close_duplicate(self, now: int, person: str, issue: GithubIssue, original: GithubIssue) -> None:
        self._world.github.event(issue, now, person, "MarkedAsDuplicateEvent", canonical=original.node_id)
        self._world.github.close(issue, now + 3 * SECOND, person, "DUPLICATE")

    def _open_incident(self, at: int, repo_name: str, commit: str) -> None:
        """A deployment to production failed: somebody on duty opens an incident."""
        repo = self._world.company.repositories[repo_name]
        if repo.issues_enabled and self._random.random() < 0.6:
            crew = self._world.crews["ops"]
            self._act(at + 20 * MINUTE, crew, self._report_incident, repo, commit, crew)

    def _report_incident(self, now: int, person: str, repo: Repository, commit: str, crew: Crew) -> None:
        ledger = self._world.github
        issue = ledger.create(now, person, repo, f"Production deployment of {commit[:7]} failed",
                              f"The deployment of {commit} to production failed.", "Bug")
        ledger.label(issue, now + 5 * SECOND, person, "incident")
        ledger.assign(issue, now + 15 * SECOND, person, person)
        crew.act(now + self._random.randrange(40 * MINUTE, 8 * HOUR), person, self._close, issue, "COMPLETED", crew)

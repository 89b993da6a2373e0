"""Releases as plans: versions of Jira projects and milestones of repositories, about one a quarter."""

from datetime import UTC, date, datetime, time, timedelta

from itpm_pipeline.sandbox.company.blueprint import TeamPlan
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, SECOND, instant_of, local_date, moment_of
from itpm_pipeline.sandbox.company.identifiers import node_id
from itpm_pipeline.sandbox.company.model import GithubIssue, JiraIssue, JiraProject, JiraVersion, Milestone, Repository
from itpm_pipeline.sandbox.company.world import World

_QUARTER = 13 * 7
_LATE_BY = 18
"""Days by which the release of a late project has passed when the history ends."""


class Releases:
    """Plans, fills and closes releases."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.stream("releases")
        self._upcoming: dict[str, list[JiraVersion]] = {}
        self._milestones: dict[str, list[Milestone]] = {}
        self._version_number = 10_200
        self._planned: dict[str, list[JiraIssue]] = {}
        """Issues ever put into a version."""

    def begin(self) -> None:
        """Set up the releases of every project and repository with a team."""
        leads = {key: team for team in self._world.plan.teams for key in (*team.projects, *team.repos)}
        plans = {plan.key: plan for plan in self._world.plan.projects}
        for project in self._world.company.jira_projects.values():
            if project.key in leads:
                self._plan_versions(project, leads[project.key], is_late=plans[project.key].releases_late)
        for repo in self._world.company.repositories.values():
            if repo.name in leads and repo.issues_enabled:
                self._plan_milestones(repo, leads[repo.name])

    def _days(self, team: TeamPlan, *, is_late: bool) -> list[date]:
        """Release days, the last two of them after the history ends (or one just before, if late)."""
        last = local_date(self._world.agenda.end, team.zones[0])
        first = last - timedelta(weeks=team.weeks)
        shift = -_LATE_BY if is_late else self._random.randrange(10, 60)
        days = [last + timedelta(days=shift + _QUARTER * number) for number in range(-8, 2)]
        return [day for day in days if day > first + timedelta(days=20)]

    # --- Jira

    def _plan_versions(self, project: JiraProject, team: TeamPlan, *, is_late: bool) -> None:
        upcoming = self._upcoming.setdefault(project.key, [])
        for number, day in enumerate(self._days(team, is_late=is_late), start=1):
            self._version_number += 1
            version = JiraVersion(
                str(self._version_number), f"{project.key.lower()}-1.{number}", day - timedelta(days=_QUARTER), day,
                description=f"Release {number} of {project.name}",
            )
            project.versions.append(version)
            upcoming.append(version)
            released = instant_of(datetime.combine(day, time(13), tzinfo=UTC)) + self._random.randrange(HOUR)
            if released < self._world.agenda.end - _LATE_BY * DAY - DAY:
                self._world.agenda.plan(released, self._release, project, version, team.key)

    def plan_for_next(self, issue: JiraIssue, at: int, person: str) -> None:
        """Put an issue into the next release of its project."""
        project = self._world.company.jira_projects[issue.project_id]
        upcoming = self._upcoming.get(project.key, ())
        today = moment_of(at).date()
        version = next((each for each in upcoming if each.release_date and each.release_date > today), None)
        if version:
            self._world.jira.change(issue, at, person, fix_version_ids=[version.id])
            self._planned.setdefault(version.id, []).append(issue)

    def _release(self, now: int, project: JiraProject, version: JiraVersion, team: str) -> None:
        """Release; what is not done goes into the following version when the team next works."""
        upcoming = self._upcoming[project.key]
        upcoming.remove(version)
        version.released = True
        crew = self._world.crews[team]
        crew.act(now + HOUR, crew.lead, self._carry_over, project, version, upcoming[0] if upcoming else None)

    def _carry_over(
        self, now: int, person: str, project: JiraProject, version: JiraVersion, following: JiraVersion | None
    ) -> None:
        left = [
            issue for issue in self._planned.pop(version.id, ())
            if version.id in issue.fix_version_ids and issue.project_id == project.id
            and issue.resolution is None and issue.deleted_at is None
        ]
        if following:
            self._planned.setdefault(following.id, []).extend(left)
        for number, issue in enumerate(left):
            self._world.jira.change(issue, now + number * 700, person,
                                    fix_version_ids=[following.id] if following else [])

    # --- GitHub

    def _plan_milestones(self, repo: Repository, team: TeamPlan) -> None:
        planned = self._milestones.setdefault(repo.name, [])
        for number, day in enumerate(self._days(team, is_late=False), start=1):
            created = instant_of(datetime.combine(day - timedelta(days=_QUARTER + 10), time(15), tzinfo=UTC))
            created = max(created, self._world.begin + DAY)
            milestone = Milestone(
                node_id("MI", self._world.github.next_number()), number, f"{repo.name} 2.{number}", moment_of(created),
                moment_of(created), datetime.combine(day, time(0), tzinfo=UTC),
                description=f"Quarterly release {number}",
            )
            planned.append(milestone)
            if created <= self._world.agenda.end:
                repo.milestones.append(milestone)
            closing = instant_of(datetime.combine(day, time(15), tzinfo=UTC)) + self._random.randrange(2 * DAY)
            self._world.agenda.plan(closing, self._close_milestone, milestone)

    def milestone_next(self, issue: GithubIssue, at: int, person: str) -> None:
        """Put an issue into the next milestone of its repository."""
        now = moment_of(at)
        milestone = next((
            each for each in self._milestones.get(issue.repo, ())
            if each.created_at < now and each.closed_at is None and each.due_on and each.due_on > now
        ), None)
        if milestone:
            self._world.github.milestone(issue, at, person, milestone)

    def _close_milestone(self, now: int, milestone: Milestone) -> None:
        milestone.closed_at = milestone.updated_at = moment_of(now - now % SECOND)

"""Builds the company: sets the stage, lets eighteen months pass, hands over what the trackers then hold."""

from datetime import UTC, datetime, timedelta

from itpm_pipeline.sandbox.company.agenda import Agenda
from itpm_pipeline.sandbox.company.blueprint import ITERATION_ZONE, TeamPlan, company_plan
from itpm_pipeline.sandbox.company.crew import Crew
from itpm_pipeline.sandbox.company.delivery import Delivery
from itpm_pipeline.sandbox.company.dependencies import Dependencies
from itpm_pipeline.sandbox.company.episodes import Episodes
from itpm_pipeline.sandbox.company.github_desk import GithubDesk
from itpm_pipeline.sandbox.company.github_ledger import GithubLedger
from itpm_pipeline.sandbox.company.hours import DAY, MINUTE, WorkHours, instant_of
from itpm_pipeline.sandbox.company.iterations import IterationCadence
from itpm_pipeline.sandbox.company.jira_desk import JiraDesk
from itpm_pipeline.sandbox.company.jira_ledger import JiraLedger
from itpm_pipeline.sandbox.company.kanban import KanbanCadence
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.company.people import Staff
from itpm_pipeline.sandbox.company.refinement import Refinement
from itpm_pipeline.sandbox.company.releases import Releases
from itpm_pipeline.sandbox.company.scrum import ScrumCadence, SprintNumbers
from itpm_pipeline.sandbox.company.stage import set_stage
from itpm_pipeline.sandbox.company.truth import Observer
from itpm_pipeline.sandbox.company.world import World

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
SEED = 20260101

_HISTORY_DAYS = 558
_EPIC_LINK_DAYS = 150
"""So long after the beginning, the site still wrote changes of parent as Epic Link."""


def build_company(size: str | int = "small", seed: int = SEED, now: datetime = NOW) -> Company:
    """Simulate the company up to ``now``.

    Args:
        size: ``small`` (about 1,500 issues over both trackers), ``medium`` (20,000) or a number of issues.
        seed: the same size, seed and now give the same company in every detail.
        now: end of the history, timezone-aware; it begins about eighteen months before.

    Raises:
        ValueError: the size is unknown or out of range.
    """
    world = _world(size, seed, now.astimezone(UTC))
    delivery, releases, dependencies = Delivery(world), Releases(world), Dependencies(world)
    episodes = Episodes(world, delivery, dependencies)
    numbers = SprintNumbers()
    for plan in world.plan.teams:
        _start_team(world, plan, delivery, releases, dependencies, episodes, numbers)
    delivery.begin()
    releases.begin()
    episodes.begin()
    world.agenda.run()
    _finish(world, dependencies, episodes)
    return world.company


def _world(size: str | int, seed: int, now: datetime) -> World:
    plan = company_plan(size)
    end = instant_of(now) - 10 * MINUTE
    begin = instant_of(now) - _HISTORY_DAYS * DAY
    company = Company(name="Acme", organization="acme", now=now)
    staff = Staff(company)
    set_stage(company, plan, staff, now)
    zones = sorted(set(staff.zones.values()))
    first, last = (now - timedelta(days=_HISTORY_DAYS + 30)).date(), (now + timedelta(days=400)).date()
    observer = Observer(company.truth)
    return World(
        plan=plan, company=company, seed=seed, begin=begin, agenda=Agenda(end), staff=staff,
        hours={zone: WorkHours(zone, first, last) for zone in zones}, observer=observer,
        jira=JiraLedger(company, observer, begin + _EPIC_LINK_DAYS * DAY),
        github=GithubLedger(company, observer, ITERATION_ZONE),
    )


def _start_team(
    world: World, plan: TeamPlan, delivery: Delivery, releases: Releases, dependencies: Dependencies,
    episodes: Episodes, numbers: SprintNumbers,
) -> None:
    company = world.company
    team = next(each for each in company.teams if each.key == plan.key)
    crew = Crew(plan, list(team.members), world.staff.zones, world.hours, world.agenda, world.stream(plan.key))
    world.crews[plan.key] = crew
    project = next((each for each in company.github_projects if each.number == team.github_project), None)
    crew.desk = JiraDesk(world, delivery, crew) if project is None else GithubDesk(world, delivery, crew)
    refinement = Refinement(world, crew, dependencies, releases, project)
    if project is not None:
        cadence = IterationCadence(world, crew, project, refinement, ITERATION_ZONE,
                                   rolls_at_midnight=project.number % 2 == 1)
        cadence.begin()
    elif plan.cadence == "kanban":
        KanbanCadence(world, crew, refinement).begin()
    else:
        sprints = ScrumCadence(world, crew, company.boards[team.board_ids[0]], refinement, numbers)
        sprints.begin()
        episodes.sprints[plan.key] = sprints


def _finish(world: World, dependencies: Dependencies, episodes: Episodes) -> None:
    company = world.company
    hidden = {project.id for project in company.jira_projects.values() if project.archived or not project.readable}
    invisible = {
        issue.id for issue in company.jira_issues.values() if issue.deleted_at or issue.project_id in hidden
    } | {issue.node_id for issue in world.github.issues.values() if issue.deleted_at}
    episodes.finish(invisible)
    world.jira.finish()
    world.observer.finish(invisible)
    dependencies.finish(invisible)

"""The company on its first day: people in teams, projects, boards, repositories, programs."""

from datetime import datetime, timedelta

from itpm_pipeline.sandbox.company.blueprint import (
    STATUSES,
    WORKFLOWS,
    CompanyPlan,
    ProjectPlan,
    RepositoryPlan,
    TeamPlan,
)
from itpm_pipeline.sandbox.company.fields import STORY_POINT_ESTIMATE, STORY_POINTS
from itpm_pipeline.sandbox.company.github_ledger import DOING, DONE, REVIEW, TODO
from itpm_pipeline.sandbox.company.identifiers import node_id, short_id
from itpm_pipeline.sandbox.company.model import (
    Company,
    GithubProject,
    JiraBoard,
    JiraProject,
    JiraStatus,
    Program,
    Repository,
    Team,
)
from itpm_pipeline.sandbox.company.people import Staff

_FOUNDED = timedelta(days=900)
_SHARED_PERSON_TEAMS = ("payments", "checkout", "identity")
"""One person is a member of all three."""


def set_stage(company: Company, plan: CompanyPlan, staff: Staff, now: datetime) -> None:
    """Fill ``company`` with everything that exists before work begins."""
    founded = now - _FOUNDED
    for id_, name, category in STATUSES:
        company.statuses[id_] = JiraStatus(id_, name, category)
    _hire(company, plan, staff)
    leads = {key: team.members[0] for planned, team in zip(plan.teams, company.teams, strict=True)
             for key in planned.projects}
    fallback = company.teams[0].members[0]
    for number, project in enumerate(plan.projects, start=1):
        _add_project(company, number, project, leads.get(project.key, fallback))
    for number, repository in enumerate(plan.repositories, start=1):
        _add_repository(company, number, repository, founded)
    for planned, team in zip(plan.teams, company.teams, strict=True):
        if planned.cadence == "iterations":
            _add_github_project(company, planned, team, founded)
        else:
            _add_board(company, planned, team)
    for program in plan.programs:
        owner = next((team.members[0] for planned, team in zip(plan.teams, company.teams, strict=True)
                      if planned.program == program.key), fallback)
        company.programs.append(Program(
            program.key, program.name, owner, program.zone, (now - timedelta(weeks=program.weeks)).date(),
            (now + timedelta(weeks=program.weeks_to_target)).date(), list(program.projects),
        ))


def _hire(company: Company, plan: CompanyPlan, staff: Staff) -> None:
    shared: str | None = None
    for planned in plan.teams:
        members = [staff.hire(zone) for zone in planned.zones]
        if planned.key in _SHARED_PERSON_TEAMS:
            shared = shared or members[1]
            if shared not in members:
                members.append(shared)
        company.teams.append(Team(planned.key, planned.name, members, fte=float(len(planned.zones))))


def _add_project(company: Company, number: int, plan: ProjectPlan, lead: str) -> None:
    id_ = str(10_000 + number)
    company.jira_projects[id_] = JiraProject(
        id=id_, key=plan.key, name=plan.name, lead=lead, category=plan.category, team_managed=plan.team_managed,
        archived=plan.archived, readable=plan.readable, components=list(plan.components),
    )


def _add_repository(company: Company, number: int, plan: RepositoryPlan, founded: datetime) -> None:
    company.repositories[plan.name] = Repository(
        node_id=node_id("R", 5_000 + number), database_id=5_000 + number, name=plan.name, description=plan.description,
        created_at=founded.replace(microsecond=0), issues_enabled=plan.issues_enabled, archived=plan.archived,
        labels={"bug": "d73a4a", "incident": "b60205", "blocked": "000000", "in progress": "0e8a16"},
    )


def _add_board(company: Company, plan: TeamPlan, team: Team) -> None:
    ids = {project.key: project for project in company.jira_projects.values()}
    projects = [ids[key] for key in plan.projects]
    estimates = STORY_POINT_ESTIMATE if projects[0].team_managed else STORY_POINTS
    number = len(company.boards) + 1
    company.boards[number] = JiraBoard(
        id=number, name=plan.board, type=plan.cadence, project_ids=[project.id for project in projects],
        columns=[(name, list(statuses)) for name, statuses in WORKFLOWS[plan.workflow]],
        estimation_field=estimates.id if plan.cadence == "scrum" else None, filter_id=str(10_300 + number),
    )
    team.board_ids.append(number)


def _add_github_project(company: Company, plan: TeamPlan, team: Team, founded: datetime) -> None:
    number = len(company.github_projects) + 1
    moment = founded.replace(microsecond=0)
    company.github_projects.append(GithubProject(
        node_id=node_id("PVT", 7_000 + number), number=number, title=plan.board, created_at=moment, updated_at=moment,
        repos=list(plan.repos), status_field_id=node_id("PVTSSF", 8_000 + number),
        status_options=[(short_id(number, name), name) for name in (TODO, DOING, REVIEW, DONE)],
        iteration_field_id=node_id("PVTIF", 9_000 + number), estimate_field_id=node_id("PVTF", 9_500 + number),
        iteration_days=plan.sprint_days, iterations=[],
    ))
    team.github_project = number
